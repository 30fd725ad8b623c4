import { invalidArgument, optionsOf } from "../arguments.ts";
import { openKeyFile } from "./file/key-file.ts";
import type { LocalKmsKeyOptions } from "./local-keys.ts";
import type { LocalKms, LocalKmsOptions } from "./local-kms.ts";
import { assembleLocalKms } from "./local-kms.ts";

/** Options of {@link openLocalKms}. */
export interface LocalKmsFileOptions extends LocalKmsOptions {
  /** The path of the file, which is made if it is not there (mode 0600). Its directory must be. */
  readonly file: string;
  /**
   * Keys that are made if the file does not have them, each with an id or an alias to know it by. Those that the file
   * has stay as it has them; aliases that they lack are added.
   */
  readonly keys?: readonly LocalKmsKeyOptions[];
}

/**
 * A local KMS whose keys outlive the process: what was sealed yesterday still opens. The file holds keys in every state,
 * with their material, rotations, aliases, principals and grants; not the audit log, and not the faults.
 *
 * **These are throw-away keys.** The file holds their material in the clear. Keep it out of version control.
 *
 * A change is on the disk before it is answered, also when the process is killed at that moment; one that cannot be
 * kept is taken back, and fails (`KMSInternalException` to clients, `StoreError` to the hand of the test).
 *
 * One process at a time has the file, by a lock beside it (`<file>.lock`), until `close()` or its end, however it comes.
 * The others use it over HTTP. Node, Bun and Deno only.
 *
 * @throws `StoreError` (`ERR_STORE`) with a remedy: another process has the file; it is damaged, of a newer version or
 * not a local KMS's, and is then left as it is; the file system refuses it. `UnsupportedError`: there is no file system.
 * `TypeError`: misuse, and a key of `keys` that the file has with other material.
 *
 * @example
 * ```ts
 * import { openLocalKms } from "keyfold/testing";
 *
 * const kms = await openLocalKms({ file: "kms.json", keys: [{ aliases: ["alias/dev"] }] });
 * const { url } = await kms.listen({ port: 0 }); // AWS_ENDPOINT_URL_KMS of other processes
 * console.log(url, kms.arn("alias/dev"));
 * await kms.close();
 * ```
 */
export async function openLocalKms(options: LocalKmsFileOptions): Promise<LocalKms> {
  const { file: name, ...rest } = optionsOf("openLocalKms", options);
  if (typeof name !== "string" || name === "" || name.includes("\0")) {
    throw invalidArgument("openLocalKms: file must be the path of a file");
  }
  for (const { id, aliases = [] } of rest.keys ?? []) {
    if (id === undefined && aliases.length === 0) {
      throw invalidArgument(
        "openLocalKms: each of keys needs an id or an alias, to be known by at the next start",
      );
    }
  }
  const file = await openKeyFile(name);
  try {
    return assembleLocalKms(rest, file);
  } catch (error) {
    file.close();
    throw error;
  }
}
