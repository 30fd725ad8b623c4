import type { Plugin } from "esbuild";

export function groupChunks(entries: Readonly<Record<string, string>>): Plugin;
