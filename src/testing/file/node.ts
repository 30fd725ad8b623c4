import { UnsupportedError } from "../../errors.ts";

/** What a file of keys needs of Node, Bun or Deno. */
export interface NodeModules {
  readonly fs: typeof import("node:fs");
  readonly path: typeof import("node:path");
  readonly process: typeof import("node:process");
}

export async function nodeModules(): Promise<NodeModules> {
  // The catches also tell bundlers for the web to leave these imports alone.
  const [fs, path, process] = await Promise.all([
    import("node:fs").catch(missing),
    import("node:path").catch(missing),
    import("node:process").catch(missing),
  ]);
  return { fs, path, process };
}

function missing(): never {
  throw new UnsupportedError(
    "node:fs",
    "openLocalKms() needs the file system of Node, Bun or Deno. Here, use createLocalKms(), which keeps nothing.",
  );
}

/** The code of an error of the file system, such as `"ENOENT"`. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null)?.code;
}

/** Null: there is no such file. */
export function readIfThere({ fs }: NodeModules, path: string): string | null {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** A name beside a file for what is under way. A process that is killed leaves it. */
export const temporaryName = (path: string): string => `${path}.${crypto.randomUUID()}.tmp`;
