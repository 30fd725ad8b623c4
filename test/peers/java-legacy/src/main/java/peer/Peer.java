package peer;

import java.util.Map;

/** Both S3 encryption clients of the AWS SDK for Java 1 behind JSON lines: `choice` says which, and its mode. */
public final class Peer {
    private final Clients clients = new Clients();

    public static void main(String[] arguments) throws java.io.IOException {
        // It warns of its end of support on every start.
        System.setProperty("aws.java.v1.disableDeprecationAnnouncement", "true");
        Lines.serve(new Peer()::handle);
    }

    private Map<String, ?> handle(Json request) throws Exception {
        return switch (request.text("op")) {
            case "s3.put" -> Encrypted.put(clients.encrypting(request), request);
            case "s3.get" -> Encrypted.get(clients.encrypting(request), request);
            case "s3.multipart" -> Encrypted.multipart(clients.encrypting(request), request);
            case "s3.reEncrypt" -> Encrypted.reEncrypt(clients.encrypting(request), request);
            case "s3.delete" -> Encrypted.delete(clients.encrypting(request), request);
            case "s3.createBucket" -> Plain.createBucket(clients.plain(request), request);
            case "s3.rawPut" -> Plain.put(clients.plain(request), request);
            case "s3.rawGet" -> Plain.get(clients.plain(request), request);
            case "s3.rawList" -> Plain.list(clients.plain(request), request);
            default -> throw new IllegalArgumentException("no such operation: " + request.text("op"));
        };
    }
}
