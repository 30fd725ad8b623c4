// Printing for the demo: colour on a terminal, plain text when piped.
import assert from "node:assert/strict";
import { stripVTControlCharacters, styleText } from "node:util";

const colour = process.stdout.isTTY && !process.env.NO_COLOR;
const style = (format) => (text) => (colour ? styleText(format, text) : text);

export const green = style("green");
export const red = style("red");
export const dim = style("dim");
const bold = style("bold");
const cyan = style("cyan");

export function title(text) {
  console.log(`\n${bold(text)}`);
}

export function fact(label, value, width = 22) {
  const padding = " ".repeat(Math.max(1, width - stripVTControlCharacters(label).length));
  console.log(`  ${cyan(label)}${padding}${value}`);
}

export function bytes(count) {
  return `${count.toLocaleString("en-US")} bytes`;
}

/** Expects a refusal with this code, and shows its first lines. */
export async function refused(what, attempt, code) {
  const error = await attempt.then(
    () => assert.fail(`${what}: it opened`),
    (reason) => reason,
  );
  assert.equal(error.code, code, `${what}: ${error}`);
  fact(red("refused"), `${what}: ${error.code}`);
  for (const line of error.message.split("\n")) console.log(`${" ".repeat(24)}${dim(line)}`);
}
