import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(root, ".cache", "peers");

/** Where `install.mjs` puts the official clients. */
export const installed = {
  python: join(cache, "python", "bin", "python"),
  aws: join(cache, "awscli", "bin", "aws"),
  javaClassPath: [join(cache, "java", "classes"), join(cache, "java", "lib", "*")].join(":"),
  script: (name: string): string => join(root, "test", "peers", "python", name),
};
