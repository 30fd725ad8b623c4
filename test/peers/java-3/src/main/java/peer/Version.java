package peer;

import software.amazon.encryption.s3.S3EncryptionClient;

/** 3.5.0: writes format V2. It knows neither commitment policies nor format V3. */
final class Version {
    private Version() {}

    static S3EncryptionClient.Builder builder(Json options) {
        if (options.has("format") && !options.text("format").equals("V2"))
            throw new IllegalArgumentException("3.5.0 writes V2 and nothing else");
        if (options.has("commitmentPolicy"))
            throw new IllegalArgumentException("3.5.0 has no commitment policies");
        return S3EncryptionClient.builder();
    }
}
