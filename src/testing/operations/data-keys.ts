import { backend } from "#crypto";
import { KmsFailure } from "../errors.ts";
import type { KmsKey } from "../key.ts";
import { KEY_SPECS, requireUsable } from "../key.ts";
import type { Call, Output } from "../operation.ts";
import { endDryRun, grantTokensField, keyIdField, operation } from "../operation.ts";
import type { InputOf } from "../shape.ts";
import { flag, integer, map, required, text } from "../shape.ts";
import { seal } from "./encrypt.ts";

const dataKeyShape = {
  KeyId: required(keyIdField),
  EncryptionContext: map(),
  NumberOfBytes: integer({ min: 1, max: 1024 }),
  KeySpec: text(),
  GrantTokens: grantTokensField,
  DryRun: flag(),
};

/** The data key and its reply without the plaintext. */
async function generate(
  call: Call,
  input: InputOf<typeof dataKeyShape>,
): Promise<{ plaintext: Uint8Array; reply: Output }> {
  checkDataKeySpec(input.KeySpec);
  call.useGrantTokens(input.GrantTokens);
  const key = call.key(input.KeyId, { context: input.EncryptionContext ?? {} });
  const length = dataKeyLength(input);
  const material = dataKeyMaterial(key, call.operation);
  endDryRun(input.DryRun);
  const plaintext = backend.randomBytes(length);
  const CiphertextBlob = await seal(call, key, material, plaintext, input.EncryptionContext);
  return { plaintext, reply: { CiphertextBlob, KeyId: key.arn, KeyMaterialId: call.keyMaterialId } };
}

// KMS's own message lists the specs of KMS keys, not those of data keys.
function checkDataKeySpec(spec: string | undefined): void {
  if (spec === undefined || spec === "AES_256" || spec === "AES_128") return;
  throw new KmsFailure(
    "ValidationException",
    `1 validation error detected: Value '${spec}' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [${KEY_SPECS.join(", ")}]`,
  );
}

function dataKeyLength(input: InputOf<typeof dataKeyShape>): number {
  const { KeySpec, NumberOfBytes } = input;
  if ((KeySpec === undefined) === (NumberOfBytes === undefined)) {
    throw new KmsFailure("ValidationException", "Please specify either number of bytes or key spec.");
  }
  return NumberOfBytes ?? (KeySpec === "AES_128" ? 16 : 32);
}

function dataKeyMaterial(key: KmsKey, operationName: string): NonNullable<KmsKey["material"]> {
  requireUsable(key, "ENCRYPT_DECRYPT", operationName);
  if (key.material === undefined) {
    throw new KmsFailure("InvalidKeyUsageException", "You cannot generate a data key with an asymmetric CMK");
  }
  return key.material;
}

export const generateDataKey = operation("GenerateDataKey", true, dataKeyShape, async (call, input) => {
  const { plaintext, reply } = await generate(call, input);
  return { ...reply, Plaintext: plaintext };
});

export const generateDataKeyWithoutPlaintext = operation(
  "GenerateDataKeyWithoutPlaintext",
  true,
  dataKeyShape,
  async (call, input) => {
    const { plaintext, reply } = await generate(call, input);
    plaintext.fill(0);
    return reply;
  },
);

export const generateRandom = operation(
  "GenerateRandom",
  true,
  { NumberOfBytes: integer({ min: 1, max: 1024 }) },
  (_call, input) => {
    if (input.NumberOfBytes === undefined) {
      throw new KmsFailure("ValidationException", "NumberOfBytes is required.");
    }
    return { Plaintext: backend.randomBytes(input.NumberOfBytes) };
  },
);
