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
    private final Map<String, S3Client> encrypting = new HashMap<>();

    S3Client plain(String endpoint) {
        return plain.computeIfAbsent(endpoint, at -> S3Client.builder()
                .endpointOverride(URI.create(at))
                .region(Region.US_EAST_1)
                .credentialsProvider(CREDENTIALS)
                .overrideConfiguration(OVERRIDES)
                .forcePathStyle(true)
                .build());
    }

    S3Client encrypting(String endpoint, Json keyring) {
        return encrypting.computeIfAbsent(endpoint + keyring, at -> S3EncryptionClient.builderV4()
                .wrappedClient(plain(endpoint))
                .wrappedAsyncClient(async(endpoint))
                .keyring(Keyrings.of(keyring))
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
