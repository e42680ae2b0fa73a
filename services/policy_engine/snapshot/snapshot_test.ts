import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import { NOTHING_TOLD } from "../outage/blind/blind_telling.ts";
import { emptyHouse, type HouseState } from "../house.ts";
import {
  encodeSnapshot,
  isSureStop,
  MAX_SNAPSHOT_BYTES,
  restoreSnapshot,
  SnapshotWriter,
} from "./snapshot.ts";
import type { OutagePhase } from "../outage/outage.ts";
import type { Readings } from "../outage/readings.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { NEW_STATION, stationPhase, type StationState, stepStation } from "../outage/station.ts";
import { textFile } from "../../../lib/files/text_file.ts";

const rulesFor = (stations: Record<string, string[]>) => simpleRules({ ...LIMITS, stations }, 0);
const RULES = rulesFor({ Study: ["pc", "nas", "tv"], Attic: ["mac"] });
const WALL = Date.UTC(2026, 10, 23, 19, 0, 0);

function house(): HouseState {
  const empty = emptyHouse(RULES);
  return {
    stations: new Map(empty.stations).set("Study", {
      readings: { grid: { value: false, atMonoMs: 500 }, socPercent: { value: 9, atMonoMs: 700 } },
      witnesses: new Map(),
      verdict: { connected: false, by: ["plug"], evidenceMonoMs: 600 },
      phases: new Map<string, OutagePhase>([
        ["all", { kind: "critical", sinceMonoMs: 100, criticalSinceMonoMs: 400 }],
        ["1", { kind: "shutting_down", sinceMonoMs: 100, triggeredMonoMs: 300, reason: "low" }],
        ["2", { kind: "on_battery", sinceMonoMs: 100 }],
        ["3", { kind: "unknown" }],
      ]),
      started: new Map([[1, 300]]),
      samples: [],
      isBlind: false,
      blindTelling: NOTHING_TOLD,
    }),
    hosts: new Map(empty.hosts)
      .set("pc", {
        phase: {
          kind: "commanded",
          commandId: "s1",
          commandedMonoMs: 300,
          firstCommandedMonoMs: 200,
          answer: "accepted",
          delivery: "done",
          wasDown: true,
        },
      })
      .set("nas", { phase: { kind: "down", commandId: "s2", commandedMonoMs: 150, sinceMonoMs: 200 } })
      .set("mac", {
        phase: {
          kind: "aborting",
          shutdownId: "s3",
          abortId: "a3",
          sinceMonoMs: 100,
          sentMonoMs: 600,
          isTaken: true,
          wasDown: undefined,
        },
      })
      .set("tv", { phase: { kind: "waking", commandId: "s4", sinceMonoMs: 100, sentMonoMs: 700 } }),
    learnedMs: new Map([["pc", [61_000, 70_000]]]),
  };
}

const restore = (text: string, awayMs: number, nowMonoMs = 1000) =>
  restoreSnapshot(text, "test", RULES, nowMonoMs, WALL + awayMs).house;

Deno.test("restoreSnapshot() gives back what encodeSnapshot() wrote, on the same clock", () => {
  const text = encodeSnapshot(house(), 1000, WALL);
  const restored = restore(text, 0);
  assert.equal(encodeSnapshot(restored, 1000, WALL), text);
  assert.deepEqual(restored.hosts, house().hosts);
  assert.deepEqual(restored.stations.get("Study")?.phases, house().stations.get("Study")?.phases);
  assert.deepEqual(restored.learnedMs, house().learnedMs);
});

const away: readonly [name: string, awayMs: number, countedMs: number][] = [
  ["a short stop", 10_000, 10_000],
  ["the longest believed stop", 600_000, 600_000],
  ["one ms more", 600_001, 600_000],
  ["a clock that went back", -5_000_000, 0],
];
for (const [name, awayMs, countedMs] of away) {
  Deno.test(`restoreSnapshot() lets holds go on by ${countedMs} ms after ${name}`, () => {
    const { stations } = restore(encodeSnapshot(house(), 1000, WALL), awayMs);
    const phase = stations.get("Study")?.phases.get("all");
    assert.equal(phase?.kind === "critical" && phase.criticalSinceMonoMs, 400 - countedMs);
  });
}

for (
  const [awayMs, kind] of [[3_600_000, "shutting_down"], [3_600_001, "unknown"], [
    1e12,
    "unknown",
  ]] as const
) {
  Deno.test(`restoreSnapshot() after ${awayMs} ms finds the station ${kind}`, () => {
    const { stations, hosts } = restore(encodeSnapshot(house(), 1000, WALL), awayMs);
    assert.equal(stationPhase(stations.get("Study") ?? NEW_STATION).kind, kind);
    assert.equal(hosts.get("pc")?.phase.kind, "commanded");
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

Deno.test("restoreSnapshot() reads what is as large as its limit, and refuses one byte more", () => {
  const text = encodeSnapshot(house(), 1000, WALL).padEnd(MAX_SNAPSHOT_BYTES);
  assert.equal(restore(text, 0).hosts.get("pc")?.phase.kind, "commanded");
  assert.throws(
    () => restore(`${text} `, 0),
    /Cannot read test: must have at most 67108864 bytes, found 67108865/,
  );
});

Deno.test("restoreSnapshot() forgets hosts that are no longer configured", () => {
  const text = encodeSnapshot(house(), 1000, WALL);
  const { hosts } = restoreSnapshot(text, "test", rulesFor({ Study: ["pc"] }), 1000, WALL).house;
  assert.deepEqual([...hosts.keys()], ["pc"]);
});

Deno.test("textFile() reads what it wrote, for its owner alone, and puts a file aside", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const store = textFile(`${dir}/policy.json`);
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

for (const [isDelivered, delivery] of [[true, "done"], [false, "lost"]] as const) {
  Deno.test(`restoreSnapshot() takes a command that was ${isDelivered ? "" : "not "}confirmed as ${delivery}`, () => {
    const before = house();
    const commanded = before.hosts.get("pc")?.phase;
    assert.ok(commanded?.kind === "commanded");
    const hosts = new Map(before.hosts).set("pc", {
      phase: { ...commanded, delivery: isDelivered ? "done" : "waiting" },
    });
    const phase = restore(encodeSnapshot({ ...before, hosts }, 1000, WALL), 0).hosts.get("pc")?.phase;
    assert.equal(phase?.kind === "commanded" && phase.delivery, delivery);
  });
}

Deno.test("SnapshotWriter.isNews() of a doubt that is settled: true", () => {
  const writer = new SnapshotWriter();
  const before = house();
  writer.doubt = { savedAtMs: WALL, beganMonoMs: 0 };
  writer.write(before, 1000, WALL);
  assert.equal(writer.isNews(before), false);
  writer.doubt = undefined;
  assert.equal(writer.isNews(before), true);
});

Deno.test("restoreSnapshot() counts anew how long the grid has been there", () => {
  const before = house();
  const study = before.stations.get("Study") ?? NEW_STATION;
  const stations = new Map(before.stations).set("Study", {
    ...study,
    phases: new Map<string, OutagePhase>([["all", { kind: "online", sinceMonoMs: 0 }]]),
  });
  const restored = restore(encodeSnapshot({ ...before, stations }, 1000, WALL), 60_000);
  assert.deepEqual(restored.stations.get("Study")?.phases.get("all"), { kind: "online", sinceMonoMs: 1000 });
});

Deno.test("restoreSnapshot() keeps the doubt about a word's age over a second restart", () => {
  const before = house();
  const study = before.stations.get("Study") ?? NEW_STATION;
  const stations = new Map(before.stations).set("Study", {
    ...study,
    readings: { ...study.readings, grid: { value: true, atMonoMs: 0 } },
  });
  // Five minutes by the clock, which may have jumped; in truth no time at all.
  const once = restore(encodeSnapshot({ ...before, stations }, 1000, WALL), 300_000);
  const twice = restore(encodeSnapshot(once, 1000, WALL), 60_000);
  const grid = twice.stations.get("Study")?.readings.grid;
  assert.equal(grid?.atMonoMs, -360_000);
  assert.equal(grid?.latestMonoMs, -60_000, "a word from before it must not replace it");
});

for (
  const [awayMs, inSameBoot, unknown, inAnotherBoot] of [
    [-1, false, false, false],
    [0, true, true, false],
    [120_000, true, true, false],
    [120_001, false, false, false],
  ] as const
) {
  Deno.test(`isSureStop() of ${awayMs} ms: ${inSameBoot} in the same boot, ${inAnotherBoot} in another`, () => {
    assert.equal(isSureStop(awayMs, true), inSameBoot);
    assert.equal(isSureStop(awayMs, undefined), unknown);
    assert.equal(isSureStop(awayMs, false), inAnotherBoot);
  });
}

Deno.test("restoreSnapshot() after a reboot takes no word for older than it must be, although the clock says 30 s", () => {
  const text = new SnapshotWriter("a").write(house(), 1000, WALL);
  const soc = (bootId?: string) =>
    restoreSnapshot(text, "test", RULES, 1000, WALL + 30_000, bootId).house.stations.get("Study")?.readings
      .socPercent?.latestMonoMs;
  assert.equal(soc("a"), undefined);
  assert.equal(soc(), undefined);
  assert.equal(soc("b"), 700);
});

Deno.test("restoreSnapshot() reads a snapshot that names no boot, and one that names a boot where nobody knows ours", () => {
  const isSure = (written: string | undefined, bootId: string | undefined) => {
    const text = new SnapshotWriter(written).write(house(), 1000, WALL);
    return restoreSnapshot(text, "test", RULES, 1000, WALL, bootId).doubt === undefined;
  };
  assert.equal(isSure(undefined, "a"), true);
  assert.equal(isSure("a", undefined), true);
  assert.equal(isSure("a", "a"), true);
  assert.equal(isSure("a", "b"), false);
});

Deno.test("restoreSnapshot() takes a doubt up that was not settled, with its basis", () => {
  const writer = new SnapshotWriter("b");
  const doubt = { savedAtMs: WALL - 7_200_000, beganMonoMs: 400 };
  const after = (awayMs: number, bootId: string) =>
    restoreSnapshot(writer.write(house(), 1000, WALL), "test", RULES, 5000, WALL + awayMs, bootId).doubt;
  writer.doubt = doubt;
  assert.deepEqual(after(10_000, "b"), { ...doubt, beganMonoMs: 5000 - 600 - 10_000 });
  assert.deepEqual(after(10_000, "c"), { ...doubt, beganMonoMs: 5000 });
  assert.deepEqual(after(300_000, "b"), { ...doubt, beganMonoMs: 5000 });
  writer.doubt = undefined;
  assert.equal(after(10_000, "b"), undefined);
  assert.deepEqual(after(10_000, "c"), { savedAtMs: WALL, beganMonoMs: 5000 });
});

for (const awayMs of [0, 30_000, 300_000, -5_000_000]) {
  Deno.test(`restoreSnapshot() after ${awayMs} ms takes pieces of seconds ago as it takes fresh ones`, () => {
    const before = house();
    const study = before.stations.get("Study") ?? NEW_STATION;
    const stations = new Map(before.stations).set("Study", {
      ...study,
      held: { untilMonoMs: 90_000, reason: "a person holds it back" },
      lastGridMonoMs: 50,
    });
    const held = { ...before, stations };
    const writer = new SnapshotWriter();
    writer.write(held, 1000, WALL - 9000);
    const kept = writer.write(held, 10_000, WALL);
    assert.match(kept, /"noted_age_ms":9000/);
    const fresh = encodeSnapshot(held, 10_000, WALL);
    assert.doesNotMatch(fresh, /noted_age_ms/);
    assert.deepEqual(restore(kept, awayMs), restore(fresh, awayMs));
  });
}

const changes: readonly [name: string, change: (house: HouseState) => HouseState, isNews: boolean][] = [
  ["nothing", (h) => h, false],
  [
    "a newer word alone",
    (h) => withStudy(h, { readings: { ...readingsOf(h), grid: { value: false, atMonoMs: 900 } } }),
    false,
  ],
  ["the first charge", (h) => withStudy(h, { readings: withoutCharge(h) }), true],
  ["the first word on its fall", (h) => withStudy(h, { readings: withFall(h) }), true],
  ["the grid", (h) => withStudy(h, { verdict: { connected: true, by: "station" } }), true],
  ["a person's hold", (h) => withStudy(h, { held: { untilMonoMs: 9e5, reason: "held" } }), true],
  ["a stage that began", (h) => withStudy(h, { started: new Map([[1, 300], [2, 900]]) }), true],
  ["the same stages", (h) => withStudy(h, { started: new Map([[1, 300]]) }), false],
  ["a group's phase", (h) => withStudy(h, { phases: new Map([["all", { kind: "unknown" }]]) }), true],
  ["a host's phase", (h) => ({ ...h, hosts: new Map(h.hosts).set("pc", { phase: { kind: "idle" } }) }), true],
  ["a host's presence alone", (h) => ({ ...h, hosts: withPresence(h) }), false],
  ["what was learned", (h) => ({ ...h, learnedMs: new Map([["pc", [61_000]]]) }), true],
  ["the month of the drill", (h) => ({ ...h, drilledMonth: "2026-11" }), true],
];
for (const [name, change, isNews] of changes) {
  Deno.test(`SnapshotWriter.isNews() of ${name}: ${isNews}`, () => {
    const writer = new SnapshotWriter();
    const before = house();
    assert.equal(writer.isNews(before), true, "nothing was written yet");
    writer.write(before, 1000, WALL);
    assert.equal(writer.isNews(change(before)), isNews);
  });
}

const readingsOf = (house: HouseState): Readings => house.stations.get("Study")?.readings ?? {};
const withoutCharge = (house: HouseState): Readings => ({ ...readingsOf(house), socPercent: undefined });
const withFall = (house: HouseState): Readings => ({
  ...readingsOf(house),
  fallPercentPerMin: { value: 3, atMonoMs: 900 },
});

function withStudy(house: HouseState, change: Partial<StationState>): HouseState {
  const study = house.stations.get("Study") ?? NEW_STATION;
  return { ...house, stations: new Map(house.stations).set("Study", { ...study, ...change }) };
}

function withPresence({ hosts }: HouseState): HouseState["hosts"] {
  return new Map([...hosts].map(([agent, host]) => [agent, { ...host, online: true }]));
}

const witnessed: readonly [name: string, ownGrid: boolean | undefined, boot: string | undefined][] = [
  ["in the same boot", true, "boot-1"],
  ["after a reboot", true, "boot-2"],
  ["after a reboot of a station that never told the grid", undefined, "boot-2"],
  ["when nobody knows the boot", true, undefined],
  ["and the station says the same at that moment", false, "boot-1"],
];
for (const [name, ownGrid, boot] of witnessed) {
  Deno.test(`restoreSnapshot() keeps an outage that only a witness knows, ${name}`, () => {
    const { stations, ...rest } = emptyHouse(RULES);
    const study: StationState = {
      ...NEW_STATION,
      readings: {
        grid: ownGrid === undefined ? undefined : { value: ownGrid, atMonoMs: ownGrid ? 100 : 900 },
        socPercent: { value: 9, atMonoMs: 100 },
      },
      verdict: { connected: false, by: ["plug"], evidenceMonoMs: 900 },
      phases: new Map([["all", { kind: "critical", sinceMonoMs: 200, criticalSinceMonoMs: 300 }]]),
    };
    const before: HouseState = { ...rest, stations: new Map(stations).set("Study", study) };
    const text = new SnapshotWriter("boot-1").write(before, 1000, WALL);
    const { house } = restoreSnapshot(text, "test", RULES, 5_000_000, WALL + 60_000, boot);
    const restored = house.stations.get("Study") ?? NEW_STATION;
    assert.equal(restored.verdict?.connected, false);
    const rules = RULES.stations.Study ?? RULES.watched;
    const view = { isSettled: () => false, learnedMs: () => undefined };
    const { state, events } = stepStation(restored, RULES, rules, view, 5_000_000);
    assert.equal(state.verdict?.connected, false, "the witness's word is newer than the station's");
    assert.equal(state.verdict?.isOld, true);
    assert.equal(state.phases.get("all")?.kind, "critical", "the outage goes on");
    assert.deepEqual(events.filter((event) => event.kind === "outage"), [], "and is no news");
    // Killed again before anybody spoke: whose word it was is not known any more, and it is kept all the same.
    const twice: HouseState = { ...house, stations: new Map(house.stations).set("Study", state) };
    const again = new SnapshotWriter(boot).write(twice, 5_000_000, WALL + 60_000);
    const second = restoreSnapshot(again, "test", RULES, 9_000_000, WALL + 70_000, boot).house.stations;
    const byWitness = { ...rules, grid: "witness" } as const;
    const after = stepStation(second.get("Study") ?? NEW_STATION, RULES, byWitness, view, 9_000_000);
    assert.equal(after.state.verdict?.connected, false, "after a second restart too");
  });
}

/** What a restart at the same moment makes of a station. */
function again(change: Partial<StationState>): StationState | undefined {
  const before = { ...NEW_STATION, ...change };
  const text = encodeSnapshot({ ...emptyHouse(RULES), stations: new Map([["Study", before]]) }, 1000, WALL);
  return restoreSnapshot(text, "the snapshot", RULES, 1000, WALL).house.stations.get("Study");
}

const VERDICTS: readonly [name: string, verdict: StationState["verdict"], after: StationState["verdict"]][] =
  [
    ["nothing", undefined, undefined],
    ["a grid", { connected: true, by: ["plug"], evidenceMonoMs: 600 }, {
      connected: true,
      by: "station",
      evidenceMonoMs: 600,
    }],
    ["a grid that was heard of again since", {
      connected: true,
      by: "station",
      evidenceMonoMs: 600,
      latestMonoMs: 800,
    }, {
      connected: true,
      by: "station",
      evidenceMonoMs: 600,
      latestMonoMs: 800,
    }],
    ["a grid of which nobody knows when it was heard of", { connected: true, by: "station" }, {
      connected: true,
      by: "station",
      evidenceMonoMs: 1000,
    }],
    ["a grid that is told no more", {
      connected: undefined,
      by: "station",
      evidenceMonoMs: undefined,
      isUntold: true,
    }, {
      connected: undefined,
      by: "station",
      evidenceMonoMs: undefined,
      isUntold: true,
    }],
  ];
for (const [name, verdict, after] of VERDICTS) {
  Deno.test(`restoreSnapshot() knows of ${name} what was known`, () => {
    const readings = verdict?.isUntold ? { gridUntold: { value: true, atMonoMs: 900 } as const } : {};
    assert.deepEqual(again({ verdict, readings })?.verdict, after);
  });
}

Deno.test("restoreSnapshot() knows when the grid was last there, and a hold that is not over", () => {
  assert.equal(again({ lastGridMonoMs: 400 })?.lastGridMonoMs, 400);
  assert.equal(again({})?.lastGridMonoMs, undefined);
  const hold = (untilMonoMs: number) => again({ held: { untilMonoMs, reason: "held" } })?.held?.untilMonoMs;
  assert.deepEqual([hold(1001), hold(1000)], [1001, undefined]);
});
