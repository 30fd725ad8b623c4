// Node, Bun and Deno run this file in the project: task file in, answer file out.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { perform } from "./task.mjs";

const [, , input, output] = process.argv;
writeFileSync(output, JSON.stringify(await perform(JSON.parse(readFileSync(input, "utf8")))));
