import type { EncryptionContext } from "../../types.ts";
import { openBlob, readBlobHeader, sealBlob } from "../ciphertext.ts";
import { KmsFailure } from "../errors.ts";
import type { KmsKey } from "../key.ts";
import { requireUsable } from "../key.ts";
import type { Material } from "../material.ts";
import type { Call } from "../operation.ts";
import { endDryRun, grantTokensField, keyIdField, operation } from "../operation.ts";
import { blob, flag, map, oneOf, or, required } from "../shape.ts";

const ALGORITHMS = ["SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"] as const;

const algorithmField = or(oneOf(ALGORITHMS), "SYMMETRIC_DEFAULT");
const ciphertextField = required(blob({ min: 1, max: 6144 }));

/** Throws unless the key is symmetric, usable and asked for by its one algorithm; answers its material. */
export function symmetricMaterial(key: KmsKey, algorithm: string, operationName: string): Material {
  requireUsable(key, "ENCRYPT_DECRYPT", operationName);
  if ((key.material === undefined) !== (algorithm !== "SYMMETRIC_DEFAULT")) {
    throw new KmsFailure(
      "InvalidKeyUsageException",
      `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`,
    );
  }
  if (key.material === undefined) {
    throw new KmsFailure(
      "UnsupportedOperationException",
      "The local KMS does not encrypt with asymmetric keys",
    );
  }
  return key.material;
}

export async function seal(
  call: Call,
  key: KmsKey,
  material: Material,
  plaintext: Uint8Array,
  context: EncryptionContext | undefined,
): Promise<Uint8Array> {
  call.keyMaterialId = material.currentId();
  return sealBlob(key.id, material, plaintext, context ?? {});
}

/** The key of a ciphertext, checked against the key that the caller named, and the opened plaintext. */
async function open(
  call: Call,
  from: {
    readonly ciphertext: Uint8Array;
    readonly keyId: string | undefined;
    readonly algorithm: string;
    readonly context: EncryptionContext | undefined;
    readonly action: "Decrypt" | "ReEncryptFrom";
    readonly dryRun: boolean | undefined;
  },
): Promise<{ key: KmsKey; plaintext: Uint8Array; keyMaterialId: string }> {
  const { context = {} } = from;
  const use = { action: from.action, context };
  const named = from.keyId === undefined ? undefined : call.key(from.keyId, use);
  if (named !== undefined && from.algorithm !== "SYMMETRIC_DEFAULT") {
    symmetricMaterial(named, from.algorithm, call.operation);
  }
  const header = readBlobHeader(from.ciphertext);
  if (header === null) throw new KmsFailure("InvalidCiphertextException");
  if (named !== undefined && named.id !== header.keyId) {
    throw new KmsFailure(
      "IncorrectKeyException",
      "The key ID in the request does not identify a CMK that can perform this operation.",
    );
  }
  const key = named ?? call.store.keyInRegion(header.keyId, call.region);
  if (key === undefined || !call.may(key, use)) {
    throw new KmsFailure(
      "AccessDeniedException",
      "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
    );
  }
  call.touch(key);
  const backingKey = symmetricMaterial(key, from.algorithm, call.operation).backingKey(header.rotation);
  const plaintext = await openBlob(from.ciphertext, backingKey, context);
  if (plaintext === null) throw new KmsFailure("InvalidCiphertextException");
  if (from.dryRun === true) plaintext.fill(0);
  call.keyMaterialId = backingKey.id;
  return { key, plaintext, keyMaterialId: backingKey.id };
}

export const encrypt = operation(
  "Encrypt",
  true,
  {
    KeyId: required(keyIdField),
    Plaintext: required(blob({ min: 1, max: 4096 })),
    EncryptionContext: map(),
    GrantTokens: grantTokensField,
    EncryptionAlgorithm: algorithmField,
    DryRun: flag(),
  },
  async (call, input) => {
    call.useGrantTokens(input.GrantTokens);
    const key = call.key(input.KeyId, { context: input.EncryptionContext ?? {} });
    const material = symmetricMaterial(key, input.EncryptionAlgorithm, call.operation);
    endDryRun(input.DryRun);
    const CiphertextBlob = await seal(call, key, material, input.Plaintext, input.EncryptionContext);
    return { CiphertextBlob, KeyId: key.arn, EncryptionAlgorithm: input.EncryptionAlgorithm };
  },
);

export const decrypt = operation(
  "Decrypt",
  true,
  {
    CiphertextBlob: ciphertextField,
    EncryptionContext: map(),
    GrantTokens: grantTokensField,
    KeyId: keyIdField,
    EncryptionAlgorithm: algorithmField,
    DryRun: flag(),
  },
  async (call, input) => {
    call.useGrantTokens(input.GrantTokens);
    const { key, plaintext, keyMaterialId } = await open(call, {
      ciphertext: input.CiphertextBlob,
      keyId: input.KeyId,
      algorithm: input.EncryptionAlgorithm,
      context: input.EncryptionContext,
      action: "Decrypt",
      dryRun: input.DryRun,
    });
    endDryRun(input.DryRun);
    return {
      KeyId: key.arn,
      Plaintext: plaintext,
      EncryptionAlgorithm: input.EncryptionAlgorithm,
      KeyMaterialId: keyMaterialId,
    };
  },
);

export const reEncrypt = operation(
  "ReEncrypt",
  true,
  {
    CiphertextBlob: ciphertextField,
    SourceEncryptionContext: map(),
    SourceKeyId: keyIdField,
    DestinationKeyId: required(keyIdField),
    DestinationEncryptionContext: map(),
    SourceEncryptionAlgorithm: algorithmField,
    DestinationEncryptionAlgorithm: algorithmField,
    GrantTokens: grantTokensField,
    DryRun: flag(),
  },
  async (call, input) => {
    call.useGrantTokens(input.GrantTokens);
    const source = await open(call, {
      ciphertext: input.CiphertextBlob,
      keyId: input.SourceKeyId,
      algorithm: input.SourceEncryptionAlgorithm,
      context: input.SourceEncryptionContext,
      action: "ReEncryptFrom",
      dryRun: input.DryRun,
    });
    try {
      const destination = call.key(input.DestinationKeyId, {
        action: "ReEncryptTo",
        context: input.DestinationEncryptionContext ?? {},
      });
      const material = symmetricMaterial(destination, input.DestinationEncryptionAlgorithm, call.operation);
      endDryRun(input.DryRun);
      return {
        CiphertextBlob: await seal(
          call,
          destination,
          material,
          source.plaintext,
          input.DestinationEncryptionContext,
        ),
        SourceKeyId: source.key.arn,
        KeyId: destination.arn,
        SourceEncryptionAlgorithm: input.SourceEncryptionAlgorithm,
        DestinationEncryptionAlgorithm: input.DestinationEncryptionAlgorithm,
        SourceKeyMaterialId: source.keyMaterialId,
        DestinationKeyMaterialId: call.keyMaterialId,
      };
    } finally {
      source.plaintext.fill(0);
    }
  },
);
