package peer;

import static software.amazon.encryption.s3.S3EncryptionClient.withAdditionalConfiguration;
import static software.amazon.encryption.s3.S3EncryptionClient.withCustomInstructionFileSuffix;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.SdkPartType;
import software.amazon.encryption.s3.S3EncryptionClient;
import software.amazon.encryption.s3.internal.ReEncryptInstructionFileRequest;
import software.amazon.encryption.s3.materials.RawKeyring;

/** The calls of the S3 Encryption Client. */
final class Encrypted {
    private Encrypted() {}

    static Map<String, ?> put(S3EncryptionClient client, Json request) {
        client.putObject(
                builder -> builder.bucket(request.text("bucket"))
                        .key(request.text("key"))
                        .metadata(request.options("options").strings("metadata"))
                        .overrideConfiguration(configuration(request)),
                RequestBody.fromBytes(request.bytes("plaintext")));
        return Map.of();
    }

    static Map<String, ?> get(S3EncryptionClient client, Json request) {
        Json options = request.options("options");
        byte[] plaintext = client.getObjectAsBytes(builder -> {
                    builder.bucket(request.text("bucket")).key(request.text("key"));
                    builder.overrideConfiguration(configuration(request));
                    if (options.has("range")) builder.range(options.text("range"));
                })
                .asByteArray();
        return Map.of("plaintext", Base64.getEncoder().encodeToString(plaintext));
    }

    /** The parts one after another; the last is told that it is the last. */
    static Map<String, ?> multipart(S3EncryptionClient client, Json request) {
        String bucket = request.text("bucket");
        String key = request.text("key");
        String upload = client.createMultipartUpload(builder -> builder.bucket(bucket)
                        .key(key)
                        .metadata(request.options("options").strings("metadata"))
                        .overrideConfiguration(configuration(request)))
                .uploadId();
        List<byte[]> parts = request.blobs("parts");
        List<CompletedPart> done = new ArrayList<>();
        for (int index = 0; index < parts.size(); index++) {
            int number = index + 1;
            SdkPartType type = number == parts.size() ? SdkPartType.LAST : SdkPartType.DEFAULT;
            String tag = client.uploadPart(
                            builder -> builder.bucket(bucket)
                                    .key(key)
                                    .uploadId(upload)
                                    .partNumber(number)
                                    .sdkPartType(type),
                            RequestBody.fromBytes(parts.get(index)))
                    .eTag();
            done.add(CompletedPart.builder().partNumber(number).eTag(tag).build());
        }
        client.completeMultipartUpload(builder -> builder.bucket(bucket)
                .key(key)
                .uploadId(upload)
                .multipartUpload(complete -> complete.parts(done)));
        return Map.of();
    }

    static Map<String, ?> reEncrypt(S3EncryptionClient client, Json request) {
        Json options = request.options("options");
        ReEncryptInstructionFileRequest.Builder builder = ReEncryptInstructionFileRequest.builder()
                .bucket(request.text("bucket"))
                .key(request.text("key"))
                .newKeyring((RawKeyring) Keyrings.of(request.object("newKeyring"), false))
                .enforceRotation(options.flag("enforceRotation"));
        // The client puts the dot before it.
        if (options.has("suffix")) builder.instructionFileSuffix(options.text("suffix"));
        return Map.of("suffix", client.reEncryptInstructionFile(builder.build()).instructionFileSuffix());
    }

    static Map<String, ?> delete(S3EncryptionClient client, Json request) {
        List<String> keys = request.texts("keys");
        if (keys.size() == 1) {
            client.deleteObject(builder -> builder.bucket(request.text("bucket")).key(keys.get(0)));
            return Map.of();
        }
        List<ObjectIdentifier> objects = keys.stream()
                .map(key -> ObjectIdentifier.builder().key(key).build())
                .toList();
        client.deleteObjects(
                builder -> builder.bucket(request.text("bucket")).delete(delete -> delete.objects(objects)));
        return Map.of();
    }

    private static Consumer<AwsRequestOverrideConfiguration.Builder> configuration(Json request) {
        Map<String, String> context = request.strings("encryptionContext");
        Json options = request.options("options");
        return builder -> {
            if (!context.isEmpty()) withAdditionalConfiguration(context).accept(builder);
            if (options.has("instructionFileSuffix"))
                withCustomInstructionFileSuffix(options.text("instructionFileSuffix")).accept(builder);
        };
    }
}
