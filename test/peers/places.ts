import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(root, ".cache", "peers");

function classPath(module: string): string {
  return [join(cache, module, "classes"), join(cache, module, "lib", "*")].join(":");
}

/** Where `install.mjs` puts the official clients. */
export const installed = {
  python: join(cache, "python", "bin", "python"),
  aws: join(cache, "awscli", "bin", "aws"),
  javaClassPath: (module: "java" | "java-3" | "java-legacy"): string => classPath(module),
  dynamoDbClassPath: classPath("dynamodb"),
  elasticMqClassPath: classPath("elasticmq"),
  dynamoDbLibraries: join(cache, "dynamodb", "lib"),
  script: (name: string): string => join(root, "test", "peers", "python", name),
};
