// What a user gets: the tarball that npm would publish, installed into a project. `dist` must have been built.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);

/** Runs a command to its end. What it printed is in the error if it fails. */
export async function execute(command, args, options = {}) {
  try {
    return (await run(command, args, { maxBuffer: 64 * 1024 * 1024, ...options })).stdout;
  } catch (error) {
    const output = `${error.stdout ?? ""}${error.stderr ?? ""}`.trim();
    throw new Error(`${command} ${args.join(" ")} failed (${error.code}):\n${output.slice(-6000)}`);
  }
}

/** Packs keyfold into `folder`: the tarball's path, its sizes and its files. */
export async function pack(folder) {
  const json = await execute("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    cwd: ROOT,
  });
  // An array, or since npm 12 an object by package name.
  const [{ filename, size, unpackedSize, files }] = Object.values(JSON.parse(json));
  return { tarball: join(folder, filename), size, unpackedSize, files: files.map(({ path }) => path) };
}

/** Makes `folder` a project with keyfold from this tarball, its dependencies, and nothing else. */
export async function installPacked(folder, tarball, manifest = { type: "module" }) {
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ name: "reader", private: true, ...manifest }),
  );
  await execute(
    "npm",
    ["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", tarball],
    { cwd: folder },
  );
}

/** Lends the project packages of this repository, such as `"@aws-sdk"`: dear to install, and not what is tried. */
export async function lend(folder, ...packages) {
  for (const name of packages) {
    await mkdir(join(folder, "node_modules", name, ".."), { recursive: true });
    await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
}

/** Calls `use` with a new folder, and removes it whatever happens. */
export async function withTemporaryFolder(use) {
  const folder = await mkdtemp(join(tmpdir(), "keyfold-packed-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
