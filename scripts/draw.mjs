// npm run draw: makes the pictures in docs/. `npm test` holds them against what this would write.
import { writeFile } from "node:fs/promises";
import { estimateKmsRequests } from "keyfold/policy";
import { keyTreePicture } from "./key-tree-picture.mjs";
import { kmsCallsPicture } from "./kms-calls-picture.mjs";

await writeFile(new URL("../docs/kms-calls.svg", import.meta.url), kmsCallsPicture(estimateKmsRequests));
await writeFile(new URL("../docs/key-tree.svg", import.meta.url), keyTreePicture());
