// Puts the headlines of a run into docs/speed.md, and those beside the official client into README.md, between two markers.
import { readFile, writeFile } from "node:fs/promises";

const PEERS = ["@aws-crypto/client-node", "jose"];
/** What the README shows of them. */
const FRONT = [
  "seal 1 KiB, fresh data key",
  "seal 1 KiB, reused data key",
  "open 1 KiB, reused data key",
  "seal a stream, own defaults",
  "import, over an empty Node",
  "minified program that opens one message",
  "KMS calls of 1,000 callers who seal at once, cold",
];
const BEGIN = "<!-- bench -->";
const END = "<!-- /bench -->";

export async function writeReadme(headlines, where) {
  const { devDependencies } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
  const peers = PEERS.map((name) => `${name} ${devDependencies[name]}`).join(", ");
  await writeTable("docs/speed.md", headlines, `${where}; ${peers}.`);
  const front = headlines.filter(({ what, ratio }) => FRONT.includes(what) && ratio.includes("official"));
  await writeTable("README.md", front, `${where}.`);
}

async function writeTable(page, headlines, caption) {
  const file = new URL(`../${page}`, import.meta.url);
  const text = await readFile(file, "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${page} lacks ${BEGIN} or ${END}.`);
  const lines = [
    "| | keyfold is | keyfold | the other |",
    "|---|---|---|---|",
    ...headlines.map(({ what, ratio, keyfold, peer }) => `| ${what} | ${ratio} | ${keyfold} | ${peer} |`),
  ];
  const table = `${BEGIN}\n\n${caption}\n\n${lines.join("\n")}\n\n`;
  await writeFile(file, text.slice(0, begin) + table + text.slice(end));
}
