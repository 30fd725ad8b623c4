import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";

// The rules of the house that a compiler does not see: which way imports point, and what a file may be.

const SRC = join(import.meta.dirname, "../src");

/** Folders from the top of the house to its foundation. A folder imports its own files and those of lower ranks. */
const RANKS: readonly (readonly string[])[] = [
  ["index.ts"],
  ["ses", "sqs"],
  ["s3", "policy", "testing"],
  ["client"],
  ["materials"],
  ["dynamodb"],
  ["hierarchy"],
  ["kms"],
  ["keyrings"],
  ["cache"],
  ["message", "object"],
  ["suites"],
  ["crypto"],
  ["bytes"],
];
const FROM_ANYWHERE = ["errors.ts", "arguments.ts", "types.ts", "observer.ts", "awaitable.ts"];

/** Third-party packages, and the only folders that may import them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@aws-sdk/client-dynamodb": ["dynamodb"],
  "@aws-sdk/client-kms": ["kms"],
  "@aws-sdk/client-s3": ["s3", "ses"],
  "@aws-sdk/client-sqs": ["sqs"],
  "@noble/ciphers": ["crypto"],
  "@noble/hashes": ["crypto"],
};

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), "utf8") }));

const placeOf = (path: string): string => path.split("/")[0]!;
const rankOf = (place: string): number => RANKS.findIndex((rank) => rank.includes(place));

interface Import {
  readonly from: string;
  readonly specifier: string;
}

const imports: readonly Import[] = files.flatMap(({ path, text }) =>
  [...text.matchAll(/(?:^|\n)(?:import|export)\b[^;]*?from "([^"]+)"|import\("([^"]+)"\)/g)].map((match) => ({
    from: path,
    specifier: match[1] ?? match[2]!,
  })),
);

const inside = imports
  .filter(({ specifier }) => specifier.startsWith("."))
  .map(({ from, specifier }) => ({ from, to: relative(SRC, join(SRC, dirname(from), specifier)) }));

describe("the house", () => {
  it("is read by this test", () => {
    expect(files.length).toBeGreaterThan(40);
    expect(inside.length).toBeGreaterThan(100);
  });

  it("has a rank for every folder", () => {
    const places = new Set(files.map(({ path }) => placeOf(path)));
    const unknown = [...places].filter((place) => rankOf(place) < 0 && !FROM_ANYWHERE.includes(place));
    expect(unknown).toEqual([]);
  });

  it("imports down the ranks only", () => {
    const wrong = inside.filter(({ from, to }) => {
      const [above, below] = [placeOf(from), placeOf(to)];
      if (FROM_ANYWHERE.includes(above)) return !FROM_ANYWHERE.includes(below);
      return above !== below && !FROM_ANYWHERE.includes(below) && rankOf(above) >= rankOf(below);
    });
    expect(wrong).toEqual([]);
  });

  it("has no import cycle", () => {
    const done = new Set<string>();
    const visit = (path: string, above: readonly string[]): void => {
      expect(above, `cycle: ${[...above, path].join(" -> ")}`).not.toContain(path);
      if (done.has(path)) return;
      for (const { from, to } of inside) if (from === path) visit(to, [...above, path]);
      done.add(path);
    };
    for (const { path } of files) visit(path, []);
  });

  it("imports node: in the Node backend, the local KMS's server and file and the file store alone", () => {
    const allowed = /^(crypto\/node(\.ts|\/)|testing\/(http\.ts|file\/)|hierarchy\/file(\.ts|\/))/;
    const wrong = imports.filter(
      ({ from, specifier }) => specifier.startsWith("node:") && !allowed.test(from),
    );
    expect(wrong).toEqual([]);
  });

  it("imports each third-party package from its own folders", () => {
    const wrong = imports.filter(({ from, specifier }) => {
      if (/^(\.|node:|#crypto$)/.test(specifier)) return false;
      const name = Object.keys(PACKAGES).find(
        (known) => specifier === known || specifier.startsWith(`${known}/`),
      );
      return name === undefined || !PACKAGES[name]!.includes(placeOf(from));
    });
    expect(wrong).toEqual([]);
  });

  it("names every export, and keeps files short", () => {
    const star = files.filter(({ text }) => /^export (\*|default)/m.test(text)).map(({ path }) => path);
    // The errors are read as a list.
    const long = files
      .filter(({ path, text }) => path !== "errors.ts" && text.split("\n").length > 401)
      .map(({ path }) => path);
    expect({ star, long }).toEqual({ star: [], long: [] });
  });

  it("has no barrel below a subpath's index", () => {
    const barrels = files.filter(({ path }) => path.split("/").length > 2 && path.endsWith("/index.ts"));
    expect(barrels).toEqual([]);
  });
});
