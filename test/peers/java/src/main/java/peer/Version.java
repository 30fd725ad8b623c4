package peer;

import software.amazon.encryption.s3.CommitmentPolicy;
import software.amazon.encryption.s3.S3EncryptionClient;
import software.amazon.encryption.s3.algorithms.AlgorithmSuite;

/** 4.0.1: writes format V3 unless commitment is forbidden, and reads all formats that its policy allows. */
final class Version {
    private Version() {}

    static S3EncryptionClient.Builder builder(Json options) {
        S3EncryptionClient.Builder builder = S3EncryptionClient.builderV4();
        boolean second = options.has("format") && options.text("format").equals("V2");
        CommitmentPolicy policy = options.has("commitmentPolicy")
                ? policy(options.text("commitmentPolicy"))
                : second ? CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT : null;
        if (policy != null) builder.commitmentPolicy(policy);
        // A client that only reads has to have a suite that its policy allows, too.
        if (second || policy == CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
            builder.encryptionAlgorithm(AlgorithmSuite.ALG_AES_256_GCM_IV12_TAG16_NO_KDF);
        return builder;
    }

    private static CommitmentPolicy policy(String name) {
        return CommitmentPolicy.valueOf(name.toUpperCase().replace('-', '_'));
    }
}
