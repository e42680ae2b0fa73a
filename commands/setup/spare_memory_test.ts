import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Draft } from "./draft.ts";
import { LITTLE_MEMORY_BYTES, memoryHere, spareMemory } from "./spare_memory.ts";

/** @returns what the file says afterwards of the services, and what the person was told */
async function chosen(before: string, bytes: number | undefined): Promise<{ line: string; said: string[] }> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-spare-"));
  try {
    const env = join(dir, "house.env");
    writeFileSync(env, `ECOFLOW_CLOUD=off\nSTATE_DIR=${dir}/state\n${before}`);
    const draft = new Draft(env);
    const said: string[] = [];
    spareMemory(draft, { say: (text) => said.push(text) }, bytes);
    await draft.write();
    return { line: /^OPTIONAL_SERVICES=.*$/m.exec(readFileSync(env, "utf8"))?.[0] ?? "none", said };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

Deno.test("spareMemory() puts the onlookers together on a machine with 512 MB, and says so in one line", async () => {
  const { line, said } = await chosen("", 461_000_000);
  assert.equal(line, "OPTIONAL_SERVICES=together");
  assert.equal(said.length, 1);
  assert.match(said[0] ?? "", /0\.5 GB of memory: .*OPTIONAL_SERVICES=together/);
  assert.doesNotMatch(said[0] ?? "", /\n/);
});

const rows: readonly [name: string, before: string, bytes: number | undefined, line: string][] = [
  ["a machine sold with 1 GB", "", 948_500_000, "none"],
  ["the limit", "", LITTLE_MEMORY_BYTES, "none"],
  ["a byte below it", "", LITTLE_MEMORY_BYTES - 1, "OPTIONAL_SERVICES=together"],
  ["a machine that does not tell", "", undefined, "none"],
  [
    "an owner who wants them apart",
    "OPTIONAL_SERVICES=separate\n",
    461_000_000,
    "OPTIONAL_SERVICES=separate",
  ],
  ["an owner who wants them together", "OPTIONAL_SERVICES=together\n", 8e9, "OPTIONAL_SERVICES=together"],
];
for (const [name, before, bytes, line] of rows) {
  Deno.test(`spareMemory() with ${name}: ${line}`, async () => {
    const found = await chosen(before, bytes);
    assert.equal(found.line, line);
    assert.equal(found.said.length, line === "OPTIONAL_SERVICES=together" && before === "" ? 1 : 0);
  });
}

Deno.test("memoryHere() is what the system tells", () => {
  const total = /^MemTotal: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  assert.equal(memoryHere(), Number(total) * 1024);
});
