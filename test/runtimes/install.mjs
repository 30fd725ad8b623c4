// Runtimes from npm, pinned, each in a folder of its own under .cache/runtimes (git-ignored); and Debian's Chromium.
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { execute, ROOT } from "../../scripts/packed.mjs";

const CACHE = join(ROOT, ".cache/runtimes");
// The package `node` fetches one of these by an install script; they need none.
const NODE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
const NODE_BINARY = "bin/node";

const PACKAGES = {
  node22: { name: NODE, version: "22.23.3", bin: NODE_BINARY },
  node24: { name: NODE, version: "24.21.0", bin: NODE_BINARY },
  node26: { name: NODE, version: "26.10.0", bin: NODE_BINARY },
  bun: { name: "bun", version: "1.4.5" },
  deno: { name: "deno", version: "2.9.6" },
  workerd: { name: "workerd", version: "1.20261117.1" },
  "playwright-core": { name: "playwright-core", version: "1.65.1" },
};

/** Installs one of these unless it is there, and answers the path of its program. */
export async function installed(key) {
  const { name, version, bin } = PACKAGES[key];
  const folder = join(CACHE, key);
  const stamp = join(folder, "installed.txt");
  const program = bin ? join(folder, "node_modules", name, bin) : join(folder, "node_modules/.bin", name);
  const wanted = `${name}@${version}`;
  if ((await readFile(stamp, "utf8").catch(() => "")) === wanted) return program;
  console.log(`runtimes: installing ${wanted}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true }));
  await execute("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", wanted], { cwd: folder });
  await writeFile(stamp, wanted);
  return program;
}

const CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The path of a Chromium; undefined if there is none. */
export function findChromium() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = CHROMIUM_NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [process.env.CHROMIUM_PATH, ...paths].find((path) => path && existsSync(path));
}

/** A Chromium without a window. Where we are root, Debian's is installed if it is missing. */
export async function launchChromium() {
  if (findChromium() === undefined && process.getuid?.() === 0) {
    console.log("runtimes: installing Debian's chromium");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await execute("apt-get", ["update", "-qq"], { env }).catch(() => {});
    await execute("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], { env }).catch(
      () => {},
    );
  }
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error("There is no Chromium. Install Debian's package chromium, or set CHROMIUM_PATH.");
  }
  await installed("playwright-core");
  const { chromium } = createRequire(join(CACHE, "playwright-core/package.json"))("playwright-core");
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
