import { invalidArgument, optionsOf } from "../arguments.ts";
import { firstAnswer } from "../awaitable.ts";
import type { EncryptedDataKey } from "../types.ts";
import { canWrite, generateDataKey, openDataKey } from "./data-key.ts";
import type { Keyring, KeyringRequest, UnwrapRequest } from "./keyring.ts";

/** Options of {@link multiKeyring}. At least one keyring is needed. */
export interface MultiKeyringOptions {
  /** Makes the data key. Default: the first child that can write. */
  readonly generator?: Keyring;
  /** Wrap the same data key. A child that cannot wrap only reads. Default: none. */
  readonly children?: readonly Keyring[];
}

/**
 * Several keyrings as one (framework/multi-keyring). Each of them can open what it writes: a KMS key with a raw
 * backup key, or KMS keys of two Regions. Reading asks them in order, the generator first; put near and local
 * keyrings before far ones. If one of them cannot wrap, nothing is written.
 *
 * @throws `TypeError` if there is no keyring, or one of them is not a keyring, or the generator only reads. At use:
 * `KeyringError` and what the members throw; `NoDataKeyError` with the reasons of all.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { multiKeyring, rawAesKeyring } from "keyfold";
 * import { kmsKeyring } from "keyfold/kms";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const backup = rawAesKeyring({ namespace: "backup", name: "safe", key });
 * const keyring = multiKeyring({ generator: kmsKeyring({ client: new KMSClient({}), keyId }), children: [backup] });
 * ```
 */
export function multiKeyring(options: MultiKeyringOptions): Keyring {
  const { generator, children = [] } = optionsOf("multiKeyring", options);
  if (!Array.isArray(children)) throw invalidArgument("multiKeyring: children must be an array of keyrings.");
  const members = generator === undefined ? [...children] : [generator, ...children];
  if (members.length === 0)
    throw invalidArgument("multiKeyring: a generator or at least one child is needed.");
  for (const member of members) {
    if (typeof member?.name !== "string") {
      throw invalidArgument("multiKeyring: generator and children must be keyrings.");
    }
  }
  if (generator !== undefined && !canWrite(generator)) {
    throw invalidArgument(`multiKeyring: the generator (${generator.name}) only reads; make it a child.`);
  }
  const writers = members.filter(canWrite);
  const [first, ...others] = writers;
  const wrapWith = async (keyrings: readonly Keyring[], dataKey: Uint8Array, request: KeyringRequest) => {
    const edks: EncryptedDataKey[] = [];
    for (const keyring of keyrings) {
      if (keyring.wrap === undefined) {
        throw invalidArgument(`multiKeyring: ${keyring.name} can make data keys but not wrap given ones.`);
      }
      edks.push(...(await keyring.wrap(dataKey, request)));
    }
    return edks;
  };

  return {
    name: `multi (${members.map((member) => member.name).join(", ")})`,
    ...(others.length === 0 && first?.objectWrap !== undefined && { objectWrap: first.objectWrap }),
    ...(members.some((member) => member.bindsObjectContext) && { bindsObjectContext: true }),
    ...(first?.alias !== undefined && { alias: first.alias }),

    ...(first !== undefined && {
      async generate(request: KeyringRequest) {
        const { dataKey, encryptedDataKeys } = await generateDataKey(first, request);
        try {
          return {
            dataKey,
            encryptedDataKeys: [...encryptedDataKeys, ...(await wrapWith(others, dataKey, request))],
          };
        } catch (error) {
          dataKey.fill(0);
          throw error;
        }
      },
      wrap: (dataKey: Uint8Array, request: KeyringRequest) => wrapWith(writers, dataKey, request),
    }),

    ...(members.some((member) => member.unwrap !== undefined) && {
      unwrap: (edks: readonly EncryptedDataKey[], request: UnwrapRequest) =>
        firstAnswer(members, (member) =>
          openDataKey(member, edks, {
            ...request,
            note: (edk, status, reason, cause, keyring = member.name) =>
              request.note(edk, status, reason, cause, keyring),
          }),
        ),
    }),

    ...(writers.every((writer) => writer.isCurrent !== undefined) && {
      isCurrent: (edks: readonly EncryptedDataKey[], request: KeyringRequest) =>
        splits(writers, edks, request),
    }),
  };
}

/** Whether the list falls into one run for each keyring, in their order: what a write of today would make. */
async function splits(
  [first, ...others]: readonly Keyring[],
  edks: readonly EncryptedDataKey[],
  request: KeyringRequest,
): Promise<boolean> {
  if (first === undefined) return edks.length === 0;
  for (let count = 1; count <= edks.length - others.length; count++) {
    const own = await first.isCurrent!(edks.slice(0, count), request);
    if (own && (await splits(others, edks.slice(count), request))) return true;
  }
  return false;
}
