import { fromBase64 } from "./bytes.mjs";

/** The same keys on every runtime, so that each opens what the others wrote. `material` comes as JSON. */
export function keysOf({ keyfold, kms, testing }, material) {
  const local = testing.createLocalKms({
    keys: [{ id: material.kms.id, material: fromBase64(material.kms.material) }],
  });
  const keyId = local.arn(material.kms.id);
  const { publicKey, privateKey } = material.rsa;
  const rsa = (padding) =>
    keyfold.rawRsaKeyring({ namespace: "runtimes", name: padding, padding, publicKey, privateKey });
  return {
    local,
    keyId,
    rsa,
    aes: keyfold.rawAesKeyring({ namespace: "runtimes", name: "aes", key: fromBase64(material.aes) }),
    kms: kms.kmsKeyring({ client: local.client, keyId }),
  };
}
