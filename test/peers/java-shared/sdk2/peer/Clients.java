package peer;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.encryption.s3.S3EncryptionClient;
import software.amazon.encryption.s3.internal.InstructionFileConfig;

/** Clients with made-up credentials, kept per configuration: each costs a connection pool. */
final class Clients {
    private static final StaticCredentialsProvider CREDENTIALS =
            StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIAIOSFODNN7EXAMPLE", "made-up"));

    /** moto answers "100 Continue" as if it were the reply. */
    private static final ExecutionInterceptor NO_EXPECT = new ExecutionInterceptor() {
        @Override
        public SdkHttpRequest modifyHttpRequest(Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
            return context.httpRequest().toBuilder().removeHeader("Expect").build();
        }
    };

    private static final ClientOverrideConfiguration OVERRIDES =
            ClientOverrideConfiguration.builder().addExecutionInterceptor(NO_EXPECT).build();

    private final Map<String, S3Client> plain = new HashMap<>();
    private final Map<String, S3EncryptionClient> encrypting = new HashMap<>();

    S3Client plain(String endpoint) {
        return plain.computeIfAbsent(endpoint, at -> S3Client.builder()
                .endpointOverride(URI.create(at))
                .region(Region.US_EAST_1)
                .credentialsProvider(CREDENTIALS)
                .overrideConfiguration(OVERRIDES)
                .forcePathStyle(true)
                .build());
    }

    S3EncryptionClient encrypting(Json request) {
        Json options = request.options("options");
        String kept = request.only("s3", "keyring")
                + options.only(
                        "format",
                        "commitmentPolicy",
                        "legacyWrapping",
                        "legacyModes",
                        "delayedAuthentication",
                        "instructionFile",
                        "highLevelMultipart");
        return encrypting.computeIfAbsent(kept, at -> Version.builder(options)
                .wrappedClient(plain(request.text("s3")))
                .wrappedAsyncClient(async(request.text("s3")))
                .keyring(Keyrings.of(request.object("keyring"), options.flag("legacyWrapping")))
                .enableLegacyUnauthenticatedModes(options.flag("legacyModes"))
                .enableDelayedAuthenticationMode(options.flag("delayedAuthentication"))
                .enableMultipartPutObject(options.flag("highLevelMultipart"))
                .instructionFileConfig(InstructionFileConfig.builder()
                        .instructionFileClient(new BufferingClient(plain(request.text("s3"))))
                        .enableInstructionFilePutObject(options.flag("instructionFile"))
                        .build())
                .build());
    }

    static KmsClient kms(String endpoint) {
        return KmsClient.builder()
                .endpointOverride(URI.create(endpoint))
                .region(Region.US_EAST_1)
                .credentialsProvider(CREDENTIALS)
                .build();
    }

    private static S3AsyncClient async(String endpoint) {
        return S3AsyncClient.builder()
                .endpointOverride(URI.create(endpoint))
                .region(Region.US_EAST_1)
                .credentialsProvider(CREDENTIALS)
                .overrideConfiguration(OVERRIDES)
                .forcePathStyle(true)
                .build();
    }
}
