import { describe, expect, it } from "vitest";
import { type ReleaseFiles, releaseFaults } from "../scripts/check-release.mjs";

const MANIFEST = {
  version: "1.2.3",
  publishConfig: { access: "public", provenance: true },
  repository: { type: "git", url: "git+https://git.example/keyfold.git" },
  bugs: { url: "https://git.example/keyfold/issues" },
  homepage: "https://git.example/keyfold",
};
const lockOf = (version: string) => ({ version, packages: { "": { version } } });
const FILES: ReleaseFiles = {
  manifest: MANIFEST,
  lock: lockOf("1.2.3"),
  changelog: "# Changelog\n\n## 1.2.3\n\nNews.\n\n## 1.2.2\n",
};
const without = (name: string) => ({ ...FILES, manifest: { ...MANIFEST, [name]: undefined } });

describe("the check of a release", () => {
  it("lets a version pass of which all files say the same", () => {
    expect(releaseFaults(FILES)).toEqual([]);
    expect(releaseFaults(FILES, "v1.2.3")).toEqual([]);
  });

  it.each<[string, ReleaseFiles, RegExp]>([
    ["a lock file of another version", { ...FILES, lock: lockOf("1.2.2") }, /package-lock\.json/],
    [
      "a changelog that is silent of it",
      { ...FILES, changelog: "# Changelog\n\n## 1.2.30\n" },
      /"## 1\.2\.3"/,
    ],
    ["a package that npm would keep private", without("publishConfig"), /publishConfig/],
  ])("refuses %s, tag or no tag", (_, files, fault) => {
    expect(releaseFaults(files)).toEqual([expect.stringMatching(fault)]);
    expect(releaseFaults(files, "v1.2.3")).toContainEqual(expect.stringMatching(fault));
  });

  it.each<[string, ReleaseFiles, string, RegExp]>([
    ["another version", FILES, "v1.2.4", /v1\.2\.4.*v1\.2\.3/],
    ["the version without its v", FILES, "1.2.3", /it is v1\.2\.3/],
    [
      "what is not released yet",
      { ...FILES, changelog: `## Unreleased\n${FILES.changelog}` },
      "v1.2.3",
      /Unreleased/,
    ],
    [
      "a pre-release",
      {
        manifest: { ...MANIFEST, version: "1.2.3-rc.1" },
        lock: lockOf("1.2.3-rc.1"),
        changelog: "## 1.2.3-rc.1\n",
      },
      "v1.2.3-rc.1",
      /dist-tag/,
    ],
    ["no repository", without("repository"), "v1.2.3", /`repository`/],
    ["no way to report bugs", without("bugs"), "v1.2.3", /`bugs`/],
    ["no homepage", without("homepage"), "v1.2.3", /`homepage`/],
  ])("refuses a tag of %s", (_, files, tag, fault) => {
    expect(releaseFaults(files)).toEqual([]);
    expect(releaseFaults(files, tag)).toEqual([expect.stringMatching(fault)]);
  });
});
