package peer;

import java.util.Base64;
import java.util.Map;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Object;

/** S3 without encryption: what is stored, as it is stored. */
final class Plain {
    private Plain() {}

    static Map<String, ?> createBucket(S3Client client, Json request) {
        client.createBucket(builder -> builder.bucket(request.text("bucket")));
        return Map.of();
    }

    static Map<String, ?> put(S3Client client, Json request) {
        client.putObject(
                builder -> builder.bucket(request.text("bucket"))
                        .key(request.text("key"))
                        .metadata(request.strings("metadata")),
                RequestBody.fromBytes(request.bytes("body")));
        return Map.of();
    }

    static Map<String, ?> get(S3Client client, Json request) {
        ResponseBytes<GetObjectResponse> reply = client.getObjectAsBytes(
                builder -> builder.bucket(request.text("bucket")).key(request.text("key")));
        String body = Base64.getEncoder().encodeToString(reply.asByteArray());
        return Map.of("metadata", reply.response().metadata(), "body", body);
    }

    static Map<String, ?> list(S3Client client, Json request) {
        return Map.of(
                "keys",
                client.listObjectsV2Paginator(builder -> builder.bucket(request.text("bucket"))).contents().stream()
                        .map(S3Object::key)
                        .toList());
    }
}
