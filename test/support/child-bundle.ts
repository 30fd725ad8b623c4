import { join } from "node:path";
import { build } from "esbuild";

/** Bundles a file of `src` into one that a child process can import by plain Node. */
export async function bundleForChild(source: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "../../src", source)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["keyfold-source"],
    logLevel: "error",
  });
}
