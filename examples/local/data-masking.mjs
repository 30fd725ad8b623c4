// Stands for `@aws-lambda-powertools/data-masking`, which is not needed to see what a provider does: fields by their dotted
// path, each sealed as JSON text in a message of its own, all at once. And its KMS provider, made of the official client.
import {
  buildDecrypt,
  buildEncrypt,
  getLocalCryptographicMaterialsCache,
  KmsKeyringNode,
  NodeCachingMaterialsManager,
} from "@aws-crypto/client-node";
import { KMS } from "@aws-sdk/client-kms";

export class DataMasking {
  #provider;

  constructor({ provider }) {
    this.#provider = provider;
  }

  erase(data, { fields }) {
    const copy = structuredClone(data);
    for (const field of fields) placeOf(copy, field).value = "*****";
    return copy;
  }

  encrypt(data, { fields, context }) {
    return transform(data, fields, (value) => this.#provider.encrypt(JSON.stringify(value), context));
  }

  decrypt(data, { fields, context }) {
    return transform(data, fields, async (value) => JSON.parse(await this.#provider.decrypt(value, context)));
  }
}

async function transform(data, fields, change) {
  const copy = structuredClone(data);
  const places = fields.map((field) => placeOf(copy, field));
  const results = await Promise.all(places.map(({ value }) => change(value)));
  places.forEach((place, i) => {
    place.value = results[i];
  });
  return copy;
}

/** Where a path such as `"customer.iban"` leads. */
function placeOf(data, field) {
  const keys = field.split(".");
  const last = keys.pop();
  const parent = keys.reduce((node, key) => node[key], data);
  return {
    get value() {
      return parent[last];
    },
    set value(value) {
      parent[last] = value;
    },
  };
}

/** As Powertools' AWSEncryptionSDKProvider does it: the official client's defaults, cached, in base64. */
export function officialProvider(keyId) {
  const { encrypt } = buildEncrypt();
  const { decrypt } = buildDecrypt();
  const manager = new NodeCachingMaterialsManager({
    backingMaterials: new KmsKeyringNode({
      clientProvider: (region) => new KMS({ region }),
      generatorKeyId: keyId,
    }),
    cache: getLocalCryptographicMaterialsCache(100),
    maxAge: 300_000,
    maxMessagesEncrypted: 2 ** 32,
    maxBytesEncrypted: Number.MAX_SAFE_INTEGER,
  });
  return {
    async encrypt(data, encryptionContext) {
      const { result } = await encrypt(manager, new TextEncoder().encode(data), { encryptionContext });
      return result.toString("base64");
    },
    async decrypt(data) {
      return new TextDecoder().decode((await decrypt(manager, Buffer.from(data, "base64"))).plaintext);
    },
  };
}
