// keyfold in a browser: a message in frames of 1 MiB in headless Chromium, beside bare WebCrypto of the same pieces.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bundle } from "../scripts/bundle.mjs";
import { findChromium, launchChromium } from "../test/runtimes/install.mjs";
import { effort, headline, mibPerSecond, speed, table, times } from "./report.mjs";

const MIB = 1024 * 1024;
const SIZE = effort({ quick: 16, normal: 64 }) * MIB;
// A secure context, as WebCrypto wants it; no request leaves the browser.
const ORIGIN = "https://bench.invalid/";

if (findChromium() === undefined) {
  console.log("\nbrowser: there is no Chromium. Install Debian's package chromium, or set CHROMIUM_PATH.");
  process.exit();
}
const source = await readFile(new URL("in-page.mjs", import.meta.url), "utf8");
const { text } = await bundle(fileURLToPath(new URL(".", import.meta.url)), "browser", source);
const browser = await launchChromium();
try {
  const page = await browser.newPage();
  await page.route("**/*", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.goto(ORIGIN);
  await page.addScriptTag({ content: text, type: "module" });
  await page.waitForFunction(() => typeof globalThis.compare === "function");
  const result = await page.evaluate(
    ([size, rounds]) => globalThis.compare(size, rounds),
    [SIZE, effort({ quick: 1, normal: 9 })],
  );
  table(
    `Chromium ${browser.version()}: one message of ${SIZE / MIB} MiB in frames of 1 MiB (MiB/s)`,
    ["", "keyfold", "as a stream", "bare", "gathered", "of bare", "stream of bare", "of gathered"],
    Object.entries(result).map(([what, us]) => [
      what,
      ...[us.keyfold, us.streamed, us.bare, us.gathered].map((time) => speed(SIZE, time).toFixed(0)),
      (us.bare / us.keyfold).toFixed(2),
      (us.bare / us.streamed).toFixed(2),
      (us.gathered / us.keyfold).toFixed(2),
    ]),
  );
  for (const [what, us] of Object.entries(result)) {
    headline(
      `${what} a stream of ${SIZE / MIB} MiB in Chromium`,
      `${times(us.bare / us.streamed)} as fast as bare WebCrypto`,
      mibPerSecond(SIZE, us.streamed),
      mibPerSecond(SIZE, us.bare),
    );
  }
} finally {
  await browser.close();
}
