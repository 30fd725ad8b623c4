package peer;

import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.model.ListObjectsV2Result;
import com.amazonaws.services.s3.model.ObjectMetadata;
import com.amazonaws.services.s3.model.S3Object;
import com.amazonaws.services.s3.model.S3ObjectSummary;
import com.amazonaws.util.IOUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.Map;

/** S3 without encryption: what is stored, as it is stored. */
final class Plain {
    private Plain() {}

    static Map<String, ?> createBucket(AmazonS3 client, Json request) {
        client.createBucket(request.text("bucket"));
        return Map.of();
    }

    static Map<String, ?> put(AmazonS3 client, Json request) {
        byte[] body = request.bytes("body");
        ObjectMetadata metadata = metadata(request.strings("metadata"), body.length);
        client.putObject(request.text("bucket"), request.text("key"), new ByteArrayInputStream(body), metadata);
        return Map.of();
    }

    static Map<String, ?> get(AmazonS3 client, Json request) throws IOException {
        try (S3Object object = client.getObject(request.text("bucket"), request.text("key"))) {
            String body = Base64.getEncoder().encodeToString(IOUtils.toByteArray(object.getObjectContent()));
            return Map.of("metadata", object.getObjectMetadata().getUserMetadata(), "body", body);
        }
    }

    /** The first thousand. */
    static Map<String, ?> list(AmazonS3 client, Json request) {
        ListObjectsV2Result page = client.listObjectsV2(request.text("bucket"));
        return Map.of("keys", page.getObjectSummaries().stream().map(S3ObjectSummary::getKey).toList());
    }

    static ObjectMetadata metadata(Map<String, String> user, int length) {
        ObjectMetadata metadata = new ObjectMetadata();
        metadata.setContentLength(length);
        user.forEach(metadata::addUserMetadata);
        return metadata;
    }
}
