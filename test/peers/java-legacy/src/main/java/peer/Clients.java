package peer;

import com.amazonaws.ClientConfiguration;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.kms.AWSKMS;
import com.amazonaws.services.kms.AWSKMSClientBuilder;
import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3Builder;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.amazonaws.services.s3.AmazonS3EncryptionClientBuilder;
import com.amazonaws.services.s3.AmazonS3EncryptionClientV2Builder;
import com.amazonaws.services.s3.model.CryptoConfiguration;
import com.amazonaws.services.s3.model.CryptoConfigurationV2;
import com.amazonaws.services.s3.model.CryptoMode;
import com.amazonaws.services.s3.model.CryptoRangeGetMode;
import com.amazonaws.services.s3.model.CryptoStorageMode;
import com.amazonaws.services.s3.model.EncryptionMaterialsProvider;
import com.amazonaws.services.s3.model.StaticEncryptionMaterialsProvider;
import java.util.HashMap;
import java.util.Map;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** Clients with made-up credentials, kept per configuration. */
final class Clients {
    private static final AWSStaticCredentialsProvider CREDENTIALS =
            new AWSStaticCredentialsProvider(new BasicAWSCredentials("AKIAIOSFODNN7EXAMPLE", "made-up"));

    private final Map<String, AmazonS3> kept = new HashMap<>();

    AmazonS3 plain(Json request) {
        String endpoint = request.text("s3");
        return kept.computeIfAbsent(endpoint, at -> at(endpoint, AmazonS3ClientBuilder.standard()).build());
    }

    AmazonS3 encrypting(Json request) {
        Json options = request.options("options");
        String key = request.only("s3", "keyring", "encryptionContext", "choice")
                + options.only("instructionFile", "legacyModes");
        return kept.computeIfAbsent(key, at -> make(request, request.object("choice"), options));
    }

    private static AmazonS3 make(Json request, Json choice, Json options) {
        EncryptionMaterialsProvider materials =
                new StaticEncryptionMaterialsProvider(Materials.of(request.object("keyring"), request));
        CryptoStorageMode storage = options.flag("instructionFile")
                ? CryptoStorageMode.InstructionFile
                : CryptoStorageMode.ObjectMetadata;
        AWSKMS kms = request.object("keyring").text("type").equals("kms") ? kms(request.object("keyring")) : null;
        if (choice.text("client").equals("V1")) {
            CryptoConfiguration configuration =
                    new CryptoConfiguration(mode(choice)).withStorageMode(storage);
            if (choice.flag("bouncyCastle"))
                configuration.withCryptoProvider(new BouncyCastleProvider()).withAlwaysUseCryptoProvider(true);
            AmazonS3EncryptionClientBuilder builder = AmazonS3EncryptionClientBuilder.standard()
                    .withCryptoConfiguration(configuration)
                    .withEncryptionMaterials(materials);
            if (kms != null) builder.withKmsClient(kms);
            return at(request.text("s3"), builder).build();
        }
        CryptoConfigurationV2 configuration = new CryptoConfigurationV2(mode(choice))
                .withStorageMode(storage)
                .withRangeGetMode(options.flag("legacyModes") ? CryptoRangeGetMode.ALL : CryptoRangeGetMode.DISABLED);
        if (choice.flag("bouncyCastle"))
            configuration.withCryptoProvider(new BouncyCastleProvider()).withAlwaysUseCryptoProvider(true);
        AmazonS3EncryptionClientV2Builder builder = AmazonS3EncryptionClientV2Builder.standard()
                .withCryptoConfiguration(configuration)
                .withEncryptionMaterialsProvider(materials);
        if (kms != null) builder.withKmsClient(kms);
        return at(request.text("s3"), builder).build();
    }

    private static CryptoMode mode(Json choice) {
        return switch (choice.text("mode")) {
            case "encryption-only" -> CryptoMode.EncryptionOnly;
            case "authenticated" -> CryptoMode.AuthenticatedEncryption;
            case "strict-authenticated" -> CryptoMode.StrictAuthenticatedEncryption;
            default -> throw new IllegalArgumentException("no such mode: " + choice.text("mode"));
        };
    }

    private static AWSKMS kms(Json keyring) {
        return AWSKMSClientBuilder.standard()
                .withCredentials(CREDENTIALS)
                .withEndpointConfiguration(new EndpointConfiguration(keyring.text("endpoint"), "us-east-1"))
                .build();
    }

    private static <B extends AmazonS3Builder<B, ?>> B at(String endpoint, B builder) {
        return builder.withCredentials(CREDENTIALS)
                .withEndpointConfiguration(new EndpointConfiguration(endpoint, "us-east-1"))
                .withPathStyleAccessEnabled(true)
                // moto answers "100 Continue" as if it were the reply.
                .withClientConfiguration(new ClientConfiguration().withUseExpectContinue(false));
    }
}
