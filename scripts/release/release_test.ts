import assert from "node:assert/strict";
import { releaseNotes } from "./notes.ts";
import { sbom } from "./sbom.ts";

const CHANGELOG =
  "# Changelog\n\n## Unreleased\n\n- later\n\n## 1.2.0 (2026-12-01)\n\n- this\n- that\n\n## 1.1.0\n\n- before\n\n## 1.0.0\n\n";

Deno.test("releaseNotes() is the section of the version, and no other", () => {
  assert.equal(releaseNotes("v1.2.0", "1.2.0", CHANGELOG), "- this\n- that\n");
  assert.equal(releaseNotes("v1.1.0", "1.1.0", CHANGELOG), "- before\n");
});

const refused: readonly [name: string, tag: string, version: string, why: RegExp][] = [
  ["another version than the program's", "v1.2.0", "1.2.1", /must be "v1.2.1"/],
  ["a version that only begins alike", "v1.2", "1.2", /section "## 1.2"/],
  ["a section without text", "v1.0.0", "1.0.0", /with text in it/],
  ["no tag", "", "1.2.0", /must be "v1.2.0"/],
];
for (const [name, tag, version, why] of refused) {
  Deno.test(`releaseNotes() refuses ${name}`, () => {
    assert.throws(() => releaseNotes(tag, version, CHANGELOG), why);
  });
}

Deno.test("sbom() names the runtime and every locked package with its version and integrity", () => {
  const lock = {
    npm: {
      "mqtt@5.16.0_peer@1.0.0": { integrity: "sha512-AAAA" },
      "@a/b@1.0.0": { integrity: "sha512-//8=" },
    },
  };
  const { components, bomFormat } = sbom("1.2.3", "2.9.6", lock);
  assert.equal(bomFormat, "CycloneDX");
  assert.deepEqual(components.map(({ purl }) => purl), [
    "pkg:github/denoland/deno@v2.9.6",
    "pkg:npm/%40a/b@1.0.0",
    "pkg:npm/mqtt@5.16.0",
  ]);
  assert.deepEqual(components[1]?.hashes, [{ alg: "SHA-512", content: "ffff" }]);
});
