package peer;

import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3EncryptionClient;
import com.amazonaws.services.s3.AmazonS3EncryptionV2;
import com.amazonaws.services.s3.model.CompleteMultipartUploadRequest;
import com.amazonaws.services.s3.model.DeleteObjectsRequest;
import com.amazonaws.services.s3.model.EncryptedGetObjectRequest;
import com.amazonaws.services.s3.model.EncryptedInitiateMultipartUploadRequest;
import com.amazonaws.services.s3.model.EncryptedPutObjectRequest;
import com.amazonaws.services.s3.model.ObjectMetadata;
import com.amazonaws.services.s3.model.PartETag;
import com.amazonaws.services.s3.model.PutInstructionFileRequest;
import com.amazonaws.services.s3.model.S3Object;
import com.amazonaws.services.s3.model.S3ObjectId;
import com.amazonaws.services.s3.model.UploadObjectRequest;
import com.amazonaws.services.s3.model.UploadPartRequest;
import com.amazonaws.util.IOUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The calls of both encryption clients of the AWS SDK for Java 1. Their context is the materials description. */
final class Encrypted {
    private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

    private Encrypted() {}

    static Map<String, ?> put(AmazonS3 client, Json request) throws Exception {
        byte[] plaintext = request.bytes("plaintext");
        Json options = request.options("options");
        ObjectMetadata metadata = Plain.metadata(options.strings("metadata"), plaintext.length);
        ByteArrayInputStream body = new ByteArrayInputStream(plaintext);
        Map<String, String> context = request.strings("encryptionContext");
        if (options.flag("highLevelMultipart")) {
            UploadObjectRequest upload =
                    new UploadObjectRequest(request.text("bucket"), request.text("key"), body, metadata);
            if (!context.isEmpty()) upload.setMaterialsDescription(context);
            upload(client, upload);
            return Map.of();
        }
        EncryptedPutObjectRequest put =
                new EncryptedPutObjectRequest(request.text("bucket"), request.text("key"), body, metadata);
        // An empty map would take the place of the description that the materials have.
        if (!context.isEmpty()) put.setMaterialsDescription(context);
        client.putObject(put);
        return Map.of();
    }

    static Map<String, ?> get(AmazonS3 client, Json request) throws IOException {
        Json options = request.options("options");
        EncryptedGetObjectRequest get = new EncryptedGetObjectRequest(request.text("bucket"), request.text("key"));
        if (options.has("range")) range(get, options.text("range"));
        // It puts the dot before it.
        if (options.has("instructionFileSuffix"))
            get.setInstructionFileSuffix(options.text("instructionFileSuffix").replaceFirst("^\\.", ""));
        try (S3Object object = client.getObject(get)) {
            byte[] plaintext = IOUtils.toByteArray(object.getObjectContent());
            return Map.of("plaintext", Base64.getEncoder().encodeToString(plaintext));
        }
    }

    private static void range(EncryptedGetObjectRequest get, String text) {
        Matcher range = RANGE.matcher(text);
        if (!range.matches()) throw new IllegalArgumentException("SDK 1 takes a start and an end: not " + text);
        if (range.group(2).isEmpty()) get.setRange(Long.parseLong(range.group(1)));
        else get.setRange(Long.parseLong(range.group(1)), Long.parseLong(range.group(2)));
    }

    /** The parts one after another; the last is told that it is the last. */
    static Map<String, ?> multipart(AmazonS3 client, Json request) {
        String bucket = request.text("bucket");
        String key = request.text("key");
        EncryptedInitiateMultipartUploadRequest initiate = new EncryptedInitiateMultipartUploadRequest(bucket, key);
        ObjectMetadata metadata = new ObjectMetadata();
        request.options("options").strings("metadata").forEach(metadata::addUserMetadata);
        initiate.setObjectMetadata(metadata);
        Map<String, String> context = request.strings("encryptionContext");
        if (!context.isEmpty()) initiate.setMaterialsDescription(context);
        String upload = client.initiateMultipartUpload(initiate).getUploadId();
        List<byte[]> parts = request.blobs("parts");
        List<PartETag> done = new ArrayList<>();
        for (int index = 0; index < parts.size(); index++) {
            byte[] part = parts.get(index);
            done.add(client.uploadPart(new UploadPartRequest()
                            .withBucketName(bucket)
                            .withKey(key)
                            .withUploadId(upload)
                            .withPartNumber(index + 1)
                            .withInputStream(new ByteArrayInputStream(part))
                            .withPartSize(part.length)
                            .withLastPart(index == parts.size() - 1))
                    .getPartETag());
        }
        client.completeMultipartUpload(new CompleteMultipartUploadRequest(bucket, key, upload, done));
        return Map.of();
    }

    static Map<String, ?> reEncrypt(AmazonS3 client, Json request) {
        Json options = request.options("options");
        String suffix = options.has("suffix") ? options.text("suffix") : "instruction";
        S3ObjectId id = new S3ObjectId(request.text("bucket"), request.text("key"));
        PutInstructionFileRequest put =
                new PutInstructionFileRequest(id, Materials.of(request.object("newKeyring")), suffix);
        if (client instanceof AmazonS3EncryptionClient first) first.putInstructionFile(put);
        else ((AmazonS3EncryptionV2) client).putInstructionFile(put);
        return Map.of("suffix", suffix);
    }

    static Map<String, ?> delete(AmazonS3 client, Json request) {
        List<String> keys = request.texts("keys");
        String bucket = request.text("bucket");
        if (keys.size() == 1) client.deleteObject(bucket, keys.get(0));
        else client.deleteObjects(new DeleteObjectsRequest(bucket).withKeys(keys.toArray(String[]::new)));
        return Map.of();
    }

    private static void upload(AmazonS3 client, UploadObjectRequest upload) throws Exception {
        if (client instanceof AmazonS3EncryptionClient first) first.uploadObject(upload);
        else ((AmazonS3EncryptionV2) client).uploadObject(upload);
    }
}
