// Puts the headlines of a run into README.md, between its two markers.
import { readFile, writeFile } from "node:fs/promises";

const FILE = new URL("../README.md", import.meta.url);
const PEERS = ["@aws-crypto/client-node", "jose"];
const BEGIN = "<!-- bench -->";
const END = "<!-- /bench -->";

export async function writeReadme(headlines, where) {
  const text = await readFile(FILE, "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`README.md lacks ${BEGIN} or ${END}.`);
  const lines = [
    "| | keyfold is | keyfold | the other |",
    "|---|---|---|---|",
    ...headlines.map(({ what, ratio, keyfold, peer }) => `| ${what} | ${ratio} | ${keyfold} | ${peer} |`),
  ];
  const { devDependencies } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  const peers = PEERS.map((name) => `${name} ${devDependencies[name]}`).join(", ");
  const table = `${BEGIN}\n\n${where}; ${peers}.\n\n${lines.join("\n")}\n\n`;
  await writeFile(FILE, text.slice(0, begin) + table + text.slice(end));
}
