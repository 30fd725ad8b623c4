package peer;

import java.util.Map;

/** An S3 Encryption Client for Java behind JSON lines. */
public final class Peer {
    private final Clients clients = new Clients();

    public static void main(String[] arguments) throws java.io.IOException {
        Lines.serve(new Peer()::handle);
    }

    private Map<String, ?> handle(Json request) {
        return switch (request.text("op")) {
            case "s3.put" -> Encrypted.put(clients.encrypting(request), request);
            case "s3.get" -> Encrypted.get(clients.encrypting(request), request);
            case "s3.multipart" -> Encrypted.multipart(clients.encrypting(request), request);
            case "s3.reEncrypt" -> Encrypted.reEncrypt(clients.encrypting(request), request);
            case "s3.delete" -> Encrypted.delete(clients.encrypting(request), request);
            case "s3.createBucket" -> Plain.createBucket(clients.plain(request.text("s3")), request);
            case "s3.rawPut" -> Plain.put(clients.plain(request.text("s3")), request);
            case "s3.rawGet" -> Plain.get(clients.plain(request.text("s3")), request);
            case "s3.rawList" -> Plain.list(clients.plain(request.text("s3")), request);
            default -> throw new IllegalArgumentException("no such operation: " + request.text("op"));
        };
    }
}
