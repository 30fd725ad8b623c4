import { join } from "node:path";
import { build } from "esbuild";

/** Bundles a file of the repository, by its path there, into one that a child process can run by plain Node. */
export async function bundleForChild(source: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "../..", source)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["keyfold-source"],
    logLevel: "error",
  });
}
