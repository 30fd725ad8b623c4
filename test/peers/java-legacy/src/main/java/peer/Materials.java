package peer;

import com.amazonaws.services.s3.model.EncryptionMaterials;
import com.amazonaws.services.s3.model.KMSEncryptionMaterials;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import javax.crypto.spec.SecretKeySpec;

/** The encryption materials of the AWS SDK for Java 1, from the description that all peers share. */
final class Materials {
    private Materials() {}

    /** The context of KMS is a description of the materials, when they are written and when they are read. */
    static EncryptionMaterials of(Json spec, Json request) {
        EncryptionMaterials materials = of(spec);
        return materials.isKMSEnabled() ? materials.addDescriptions(request.strings("encryptionContext")) : materials;
    }

    static EncryptionMaterials of(Json spec) {
        EncryptionMaterials materials =
                switch (spec.text("type")) {
                    case "raw-aes" -> new EncryptionMaterials(new SecretKeySpec(spec.bytes("key"), "AES"));
                    case "raw-rsa" -> new EncryptionMaterials(pair(spec));
                    case "kms" -> new KMSEncryptionMaterials(spec.text("keyId"));
                    default -> throw new IllegalArgumentException("no such materials: " + spec.text("type"));
                };
        return materials.addDescriptions(spec.strings("materialsDescription"));
    }

    private static KeyPair pair(Json spec) {
        try {
            KeyFactory factory = KeyFactory.getInstance("RSA");
            PublicKey open =
                    spec.has("publicKey") ? factory.generatePublic(new X509EncodedKeySpec(der(spec.text("publicKey")))) : null;
            PrivateKey secret = spec.has("privateKey")
                    ? factory.generatePrivate(new PKCS8EncodedKeySpec(der(spec.text("privateKey"))))
                    : null;
            return new KeyPair(open, secret);
        } catch (GeneralSecurityException error) {
            throw new IllegalArgumentException(error);
        }
    }

    private static byte[] der(String pem) {
        return Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
    }
}
