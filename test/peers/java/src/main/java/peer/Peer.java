package peer;

import static software.amazon.encryption.s3.S3EncryptionClient.withAdditionalConfiguration;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** The S3 Encryption Client for Java 4.0.1 behind JSON lines: one reply a line, in order, until the input ends. */
public final class Peer {
    private final Clients clients = new Clients();

    public static void main(String[] arguments) throws java.io.IOException {
        PrintStream protocol = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // Libraries that print must not break the protocol.
        System.setOut(System.err);
        Peer peer = new Peer();
        protocol.println("{\"ready\":true}");
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            protocol.println(peer.answer(line));
        }
        // Netty's threads would keep the process alive.
        System.exit(0);
    }

    private String answer(String line) {
        try {
            return Json.write(Map.of("ok", handle(Json.parse(line))));
        } catch (Exception error) {
            String cause = error.getCause() == null ? "" : " (" + error.getCause() + ")";
            return Json.write(Map.of("error", error.getClass().getSimpleName(), "message", error.getMessage() + cause));
        }
    }

    private Map<String, ?> handle(Json request) {
        return switch (request.text("op")) {
            case "s3.createBucket" -> createBucket(request);
            case "s3.put" -> put(request);
            case "s3.get" -> get(request);
            case "s3.rawPut" -> rawPut(request);
            case "s3.rawGet" -> rawGet(request);
            default -> throw new IllegalArgumentException("no such operation: " + request.text("op"));
        };
    }

    private Map<String, ?> createBucket(Json request) {
        clients.plain(request.text("s3")).createBucket(builder -> builder.bucket(request.text("bucket")));
        return Map.of();
    }

    private Map<String, ?> put(Json request) {
        Map<String, String> context = request.strings("encryptionContext");
        clients.encrypting(request.text("s3"), request.object("keyring"))
                .putObject(
                        builder -> {
                            builder.bucket(request.text("bucket")).key(request.text("key"));
                            if (!context.isEmpty()) builder.overrideConfiguration(withAdditionalConfiguration(context));
                        },
                        RequestBody.fromBytes(request.bytes("plaintext")));
        return Map.of();
    }

    private Map<String, ?> get(Json request) {
        Map<String, String> context = request.strings("encryptionContext");
        ResponseBytes<GetObjectResponse> reply = clients.encrypting(request.text("s3"), request.object("keyring"))
                .getObjectAsBytes(builder -> {
                    builder.bucket(request.text("bucket")).key(request.text("key"));
                    if (!context.isEmpty()) builder.overrideConfiguration(withAdditionalConfiguration(context));
                });
        return Map.of("plaintext", base64(reply));
    }

    private Map<String, ?> rawPut(Json request) {
        clients.plain(request.text("s3"))
                .putObject(
                        builder -> builder.bucket(request.text("bucket"))
                                .key(request.text("key"))
                                .metadata(request.strings("metadata")),
                        RequestBody.fromBytes(request.bytes("body")));
        return Map.of();
    }

    private Map<String, ?> rawGet(Json request) {
        ResponseBytes<GetObjectResponse> reply = clients.plain(request.text("s3"))
                .getObjectAsBytes(builder -> builder.bucket(request.text("bucket")).key(request.text("key")));
        return Map.of("metadata", reply.response().metadata(), "body", base64(reply));
    }

    private static String base64(ResponseBytes<?> reply) {
        return Base64.getEncoder().encodeToString(reply.asByteArray());
    }
}
