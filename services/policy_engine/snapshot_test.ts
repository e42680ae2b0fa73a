import assert from "node:assert/strict";
import { emptyHouse, type HouseState } from "./house.ts";
import { BELIEVED_STOP_MS, encodeSnapshot, FORGET_GRID_MS, restoreSnapshot } from "./snapshot.ts";
import { fileSnapshotStore } from "./snapshot_store.ts";

const RULES = { hostsByStation: { Study: ["pc", "nas"], Attic: ["mac"] } };
const WALL = Date.UTC(2026, 10, 23, 19, 0, 0);

function house(): HouseState {
  const empty = emptyHouse(RULES);
  return {
    stations: new Map(empty.stations).set("Study", {
      words: { grid: { value: false, atMonoMs: 500 }, socPercent: { value: 9, atMonoMs: 700 } },
      phase: { kind: "critical", sinceMonoMs: 100, criticalSinceMonoMs: 400 },
      isBlind: false,
    }),
    hosts: new Map(empty.hosts)
      .set("pc", { phase: { kind: "told", commandId: "s1", toldMonoMs: 300, answer: "accepted" } })
      .set("nas", { phase: { kind: "down", commandId: "s2", sinceMonoMs: 200 } })
      .set("mac", {
        phase: { kind: "calling_off", shutdownId: "s3", abortId: "a3", sinceMonoMs: 100, sentMonoMs: 600 },
      }),
  };
}

const restore = (text: string, awayMs: number, nowMonoMs = 1000) =>
  restoreSnapshot(text, "test", RULES, nowMonoMs, WALL + awayMs);

Deno.test("restoreSnapshot() gives back what encodeSnapshot() wrote, on the same clock", () => {
  const text = encodeSnapshot(house(), 1000, WALL);
  const restored = restore(text, 0);
  assert.equal(encodeSnapshot(restored, 1000, WALL), text);
  assert.deepEqual(restored.hosts, house().hosts);
  assert.deepEqual(restored.stations.get("Study")?.phase, house().stations.get("Study")?.phase);
});

const away: readonly [name: string, awayMs: number, countedMs: number][] = [
  ["a short stop", 10_000, 10_000],
  ["the longest believed stop", BELIEVED_STOP_MS, BELIEVED_STOP_MS],
  ["one ms more", BELIEVED_STOP_MS + 1, BELIEVED_STOP_MS],
  ["a clock that went back", -5_000_000, 0],
];
for (const [name, awayMs, countedMs] of away) {
  Deno.test(`restoreSnapshot() lets holds go on by ${countedMs} ms after ${name}`, () => {
    const { stations } = restore(encodeSnapshot(house(), 1000, WALL), awayMs);
    const phase = stations.get("Study")?.phase;
    assert.equal(phase?.kind === "critical" && phase.criticalSinceMonoMs, 400 - countedMs);
  });
}

for (
  const [awayMs, kind] of [[FORGET_GRID_MS, "critical"], [FORGET_GRID_MS + 1, "unknown"], [
    1e12,
    "unknown",
  ]] as const
) {
  Deno.test(`restoreSnapshot() after ${awayMs} ms finds the station ${kind}`, () => {
    const { stations, hosts } = restore(encodeSnapshot(house(), 1000, WALL), awayMs);
    assert.equal(stations.get("Study")?.phase.kind, kind);
    assert.equal(hosts.get("pc")?.phase.kind, "told");
  });
}

for (
  const text of [
    "",
    "nonsense",
    "{}",
    '{"version":2,"saved_at_ms":0,"stations":{},"hosts":{}}',
    '{"version":1}',
  ]
) {
  Deno.test(`restoreSnapshot() refuses ${JSON.stringify(text).slice(0, 40)}`, () => {
    assert.throws(() => restore(text, 0), /Cannot read test: /);
  });
}

Deno.test("restoreSnapshot() forgets hosts that are no longer configured", () => {
  const text = encodeSnapshot(house(), 1000, WALL);
  const { hosts } = restoreSnapshot(text, "test", { hostsByStation: { Study: ["pc"] } }, 1000, WALL);
  assert.deepEqual([...hosts.keys()], ["pc"]);
});

Deno.test("fileSnapshotStore() reads what it wrote, for its owner alone, and puts a file aside", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const store = fileSnapshotStore(`${dir}/policy.json`);
    assert.equal(store.read(), undefined);
    store.write("one");
    store.write("two");
    assert.equal(store.read(), "two");
    assert.equal((Deno.statSync(`${dir}/policy.json`).mode ?? 0) & 0o777, 0o600);
    assert.equal(store.setAside(), `${dir}/policy.json.refused`);
    assert.equal(store.read(), undefined);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["policy.json.refused"]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
