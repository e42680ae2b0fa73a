import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Backup, backupNameProblem, encodeBackup, parseBackup } from "./archive.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const BACKUP: Backup = {
  madeBy: "1.0.0",
  madeAtMs: 0,
  env: "config/house.env",
  files: [
    { name: "config/house.env", mode: 0o640, bytes: bytes("A=secret-word\n") },
    { name: "state/agent_keys.json", mode: 0o600, bytes: new Uint8Array([0, 255, 10]) },
  ],
};

/** The same with its JSON changed. */
function changed(
  change: (value: Record<string, unknown> & { files: unknown[] }, second: Record<string, unknown>) => void,
): Uint8Array {
  const value = JSON.parse(new TextDecoder().decode(gunzipSync(encodeBackup(BACKUP))));
  change(value, value.files[1]);
  return gzipSync(JSON.stringify(value));
}

Deno.test("parseBackup() gives back what encodeBackup() was given", () => {
  assert.deepEqual(parseBackup(encodeBackup(BACKUP), "test"), BACKUP);
});

for (
  const [name, wanted] of [
    ["config/house.env", undefined],
    ["state/cloud_bridge/identity.json", undefined],
    ["config/mein Häuschen (alt).toml", undefined],
    ["config/ x", /plain names/],
    ["config/a\nb", /plain names/],
    ["config/../etc/passwd", /plain names/],
    ["config/./x", /plain names/],
    ["config//x", /plain names/],
    ["config/.hidden", /plain names/],
    ["/etc/passwd", /must begin with/],
    ["config", /must begin with/],
    ["config/", /plain names/],
    ["config/a\\..\\b", /plain names/],
    ["config/a\u0000", /plain names/],
    ["elsewhere/x", /must begin with/],
    [`config/${"a".repeat(293)}`, undefined],
    [`config/${"a".repeat(294)}`, /at most 300/],
  ] as const
) {
  Deno.test(`backupNameProblem() of ${JSON.stringify(name.slice(0, 40))} (${name.length})`, () => {
    if (wanted === undefined) assert.equal(backupNameProblem(name), undefined);
    else assert.match(backupNameProblem(name) ?? "", wanted);
  });
}

const whole = encodeBackup(BACKUP);
const DAMAGED: readonly [string, Uint8Array, RegExp][] = [
  ["nothing", new Uint8Array(), /a whole backup/],
  ["another file", bytes("hello"), /a whole backup/],
  ["one that was cut", whole.subarray(0, whole.length - 9), /a whole backup/],
  [
    "one with a turned bit",
    whole.map((byte, i) => i === whole.length - 12 ? byte ^ 1 : byte),
    /a whole backup/,
  ],
  [
    "a newer version",
    changed((v) => v.version = 2),
    /must have version 1, found 2, made by ecoflow-power 1\.0\.0/,
  ],
  ["another form", changed((v) => v.format = "x"), /format/],
  ["a name that leads out", changed((_v, second) => second.name = "state/../../etc/x"), /plain names/],
  ["a mode for everybody", changed((_v, second) => second.mode = 0o777), /mode/],
  ["other bytes", changed((_v, second) => second.base64 = "AAAA"), /"state\/agent_keys\.json" is damaged/],
  ["a file twice", changed((v) => v.files.push(v.files[0])), /is there twice/],
  ["no configuration", changed((v) => v.env = "config/other.env"), /is not in it/],
];
for (const [name, packed, wanted] of DAMAGED) {
  Deno.test(`parseBackup() refuses ${name}, and shows no secret`, () => {
    assert.throws(() => parseBackup(packed, "test"), (error: Error) => {
      assert.match(error.message, wanted);
      assert.doesNotMatch(error.message, /secret-word/);
      return true;
    });
  });
}
