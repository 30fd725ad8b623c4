package peer;

import java.security.KeyFactory;
import java.security.SecureRandom;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import javax.crypto.spec.SecretKeySpec;
import software.amazon.encryption.s3.materials.AesKeyring;
import software.amazon.encryption.s3.materials.Keyring;
import software.amazon.encryption.s3.materials.KmsDiscoveryKeyring;
import software.amazon.encryption.s3.materials.KmsKeyring;
import software.amazon.encryption.s3.materials.MaterialsDescription;
import software.amazon.encryption.s3.materials.PartialRsaKeyPair;
import software.amazon.encryption.s3.materials.RsaKeyring;

/** The keyrings of the S3 Encryption Client, from the description that all peers share. */
final class Keyrings {
    private Keyrings() {}

    static Keyring of(Json spec, boolean legacy) {
        try {
            return switch (spec.text("type")) {
                case "raw-aes" -> aes(spec, legacy);
                case "raw-rsa" -> rsa(spec, legacy);
                case "kms" -> kms(spec, legacy);
                case "kms-discovery" -> discovery(spec, legacy);
                default -> throw new IllegalArgumentException("no such keyring for S3 objects: " + spec.text("type"));
            };
        } catch (java.security.GeneralSecurityException error) {
            throw new IllegalArgumentException(error);
        }
    }

    private static Keyring aes(Json spec, boolean legacy) {
        return AesKeyring.builder()
                .enableLegacyWrappingAlgorithms(legacy)
                .secureRandom(new SecureRandom())
                .wrappingKey(new SecretKeySpec(spec.bytes("key"), "AES"))
                .materialsDescription(description(spec))
                .build();
    }

    private static Keyring rsa(Json spec, boolean legacy) throws java.security.GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance("RSA");
        PartialRsaKeyPair.Builder pair = PartialRsaKeyPair.builder();
        if (spec.has("publicKey")) pair.publicKey(factory.generatePublic(new X509EncodedKeySpec(der(spec.text("publicKey")))));
        if (spec.has("privateKey")) pair.privateKey(factory.generatePrivate(new PKCS8EncodedKeySpec(der(spec.text("privateKey")))));
        return RsaKeyring.builder()
                .enableLegacyWrappingAlgorithms(legacy)
                .secureRandom(new SecureRandom())
                .wrappingKeyPair(pair.build())
                .materialsDescription(description(spec))
                .build();
    }

    private static Keyring kms(Json spec, boolean legacy) {
        // kmsKeyId() on the client builder would ignore the endpoint.
        return KmsKeyring.builder()
                .enableLegacyWrappingAlgorithms(legacy)
                .kmsClient(Clients.kms(spec.text("endpoint")))
                .wrappingKeyId(spec.text("keyId"))
                .build();
    }

    /** It has no filter: partition and accounts of the description stay unused. */
    private static Keyring discovery(Json spec, boolean legacy) {
        return KmsDiscoveryKeyring.builder()
                .enableLegacyWrappingAlgorithms(legacy)
                .kmsClient(Clients.kms(spec.text("endpoint")))
                .build();
    }

    private static MaterialsDescription description(Json spec) {
        return MaterialsDescription.builder().putAll(spec.strings("materialsDescription")).build();
    }

    private static byte[] der(String pem) {
        return Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
    }
}
