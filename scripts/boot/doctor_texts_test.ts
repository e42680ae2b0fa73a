/** The checks in booted systems look for sentences of doctor's: the scripts' own patterns, against doctor's own text. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { emptySnapshot, noteMessage } from "../../commands/broker/broker_snapshot.ts";
import { examineHosts } from "../../commands/doctor/examine_hosts.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { findingsText } from "../../lib/findings.ts";
import { keyId } from "../../lib/pairing/signing.ts";

const KEY = "ab".repeat(32);
const HOUSE = loadConfig({
  environment: {
    ECOFLOW_USER: "me@example.com",
    ECOFLOW_PASS: "x",
    ECOFLOW_DEVICE_LIST: "R651ZEB400000000:Study",
    DEVICE_TO_AGENTS_JSON: '{"Study":["pc"]}',
  },
  exists: (path) => path.endsWith("agent_keys.json"),
  readFile: () => JSON.stringify({ pc: KEY }),
});

/** The patterns that these scripts give to `grep -q`, where they ask doctor for a host. */
const HOST_PATTERNS = ["pi_checks.sh", "blank/lib.sh"].flatMap((script) => {
  const text = readFileSync(new URL(script, import.meta.url), "utf8");
  return [...text.matchAll(/(?:doctor_says|ecoflow-power doctor \| grep -q) "([^"$]*host pc[^"]*)"/g)]
    .map(([, pattern = ""]) => ({ script, pattern, isOnline: pattern.startsWith("ok ") }));
});

/** What doctor says of a host with this status. */
function doctorSays(status: Readonly<Record<string, unknown>>): string {
  const snapshot = emptySnapshot();
  const payload = new TextEncoder().encode(JSON.stringify({ agent: "pc", key_ids: [keyId(KEY)], ...status }));
  noteMessage(snapshot, HOUSE.roots, { topic: "power-manager/pc/status", payload, retained: true });
  return findingsText(examineHosts(HOUSE, snapshot, []));
}

async function greps(pattern: string, text: string): Promise<boolean> {
  const child = new Deno.Command("grep", { args: ["-q", pattern], stdin: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`${text}\n`)).catch(() => {});
  await writer.close().catch(() => {});
  return (await child.status).success;
}

Deno.test("the boot checks ask doctor for a host three times", () => {
  assert.deepEqual(HOST_PATTERNS.map(({ script, isOnline }) => [script, isOnline]), [
    ["pi_checks.sh", true],
    ["blank/lib.sh", false],
    ["blank/lib.sh", true],
  ]);
});

for (const { script, pattern, isOnline } of HOST_PATTERNS) {
  Deno.test(`${script}: "${pattern}" is what doctor says, and only then`, async () => {
    assert.equal(await greps(pattern, doctorSays({ online: true, os: "linux" })), isOnline);
    assert.equal(await greps(pattern, doctorSays({ online: false, going_down: true })), !isOnline);
    assert.equal(await greps(pattern, doctorSays({ online: false })), !isOnline);
  });
}
