#!/usr/bin/env node
// Installs the official clients that the interoperability tests talk to, into .cache/peers (git-ignored).
// Usage: node test/peers/install.mjs [python] [awscli] [java] [java-3] [java-legacy] [dynamodb] [elasticmq]     (no name: all)
// Work that is done is skipped: a stamp holds the hash of what went in.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, "..", "..", ".cache", "peers");

class Missing extends Error {}

/** Runs a command quietly; what it printed is shown only if it fails. */
function run(command, args, options = {}) {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...options });
  } catch (error) {
    if (error.code === "ENOENT") throw new Missing(`${command} is not on the PATH.`);
    const output = `${error.stdout ?? ""}${error.stderr ?? ""}`.trim();
    throw new Error(`${command} ${args.join(" ")} failed:\n${output.slice(-4000)}`);
  }
}

function answers(command, args) {
  try {
    return run(command, args);
  } catch {
    return undefined;
  }
}

/** On a machine where we are root, a missing Debian package is installed; elsewhere it is named. */
function fromDebian(packages, why) {
  const wanted = `${why} Install ${packages.join(", ")} (Debian 12 package names).`;
  if (process.getuid?.() !== 0 || answers("apt-get", ["--version"]) === undefined) throw new Missing(wanted);
  console.log(`peers: ${why} Installing ${packages.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], { env });
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env });
}

/** A Python 3.11 that can make virtual environments. The pinned wheels were tried on that version alone. */
function python() {
  const find = () =>
    ["python3.11", "/usr/bin/python3.11", "python3"].find((name) =>
      answers(name, ["-c", "import sys, venv, ensurepip; print(sys.version_info[:2])"])?.startsWith(
        "(3, 11)",
      ),
    );
  let found = find();
  if (found === undefined) {
    fromDebian(["python3.11", "python3.11-venv"], "Python 3.11 with venv and ensurepip is missing.");
    found = find();
  }
  if (found === undefined) throw new Missing("Python 3.11 with venv and ensurepip is missing.");
  return found;
}

function virtualEnvironment(name) {
  const folder = join(cache, name);
  run(python(), ["-m", "venv", folder]);
  const pip = (...args) =>
    run(join(folder, "bin", "python"), ["-m", "pip", "--disable-pip-version-check", ...args]);
  pip(
    "install",
    "--quiet",
    "--no-deps",
    "--only-binary",
    ":all:",
    "-r",
    join(here, name, "requirements.txt"),
  );
  pip("check");
}

/** A Maven module: its classes, and the libraries that it needs. */
function javaModule(name) {
  const version = () => Number(/version "(\d+)/.exec(javaVersion())?.[1] ?? 0) >= 17;
  if (!version() || answers("mvn", ["-v"]) === undefined) {
    fromDebian(["openjdk-17-jdk-headless", "maven"], "Java 17 or Maven is missing.");
  }
  if (!version()) throw new Missing("Java 17 or newer is missing.");
  const folder = join(cache, name);
  mkdirSync(folder, { recursive: true });
  const goals = ["compile", "dependency:copy-dependencies", "-DincludeScope=runtime"];
  const places = [`-Dmaven.repo.local=${join(cache, "m2")}`, `-Dpeer.build=${folder}`];
  run("mvn", [
    "-B",
    "-q",
    "-f",
    join(here, name, "pom.xml"),
    ...places,
    ...goals,
    `-DoutputDirectory=${join(folder, "lib")}`,
  ]);
}

function javaVersion() {
  // `java -version` speaks on standard error.
  return answers("sh", ["-c", "java -version 2>&1"]) ?? "";
}

/** All files under a folder, in order. */
function inputs(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(txt|xml|java)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

const peers = {
  python: { install: () => virtualEnvironment("python") },
  awscli: { install: () => virtualEnvironment("awscli") },
  java: { install: () => javaModule("java"), shares: "java-shared" },
  "java-3": { install: () => javaModule("java-3"), shares: "java-shared" },
  "java-legacy": { install: () => javaModule("java-legacy"), shares: "java-shared" },
  dynamodb: { install: () => javaModule("dynamodb") },
  elasticmq: { install: () => javaModule("elasticmq") },
};

function install(name) {
  const folder = join(cache, name);
  const hash = createHash("sha256");
  const { shares } = peers[name];
  for (const file of [name, shares ?? []].flat().flatMap((from) => inputs(join(here, from))))
    hash.update(file.slice(here.length)).update(readFileSync(file));
  // A virtual environment holds absolute paths: a moved checkout installs anew.
  const stamp = hash.update(folder).digest("hex");
  const stampFile = join(cache, `${name}.stamp`);
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp && existsSync(folder))
    return "in place";
  rmSync(stampFile, { force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const start = Date.now();
  peers[name].install();
  writeFileSync(stampFile, stamp);
  return `installed in ${((Date.now() - start) / 1000).toFixed(0)} s`;
}

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(peers, name));
try {
  if (unknown !== undefined)
    throw new Missing(`No peer is called ${unknown}: ${Object.keys(peers).join(", ")}.`);
  for (const name of wanted.length > 0 ? wanted : Object.keys(peers))
    console.log(`peers: ${name} ${install(name)}`);
} catch (error) {
  console.error(`peers: ${error.message}`);
  process.exit(1);
}
