/** The rules that a file and the configuration mean together, number for number. */
import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import { parsePolicyFile } from "./policy_file.ts";
import { hostsOf, hostsOfStation, placeOf } from "./rules.ts";
import { houseRules } from "./rules_from_file.ts";
import { simpleRules } from "./simple_rules.ts";

const rulesOf = (text: string, limits = LIMITS) => houseRules(limits, parsePolicyFile(text, "f", limits), 0);
const group = (hosts: readonly string[]) => ({
  key: "all",
  hosts,
  triggers: { socMinPercent: 10 },
  debounceMs: 180_000,
});

Deno.test("simpleRules() are the configuration's limits and the documented defaults", () => {
  const limits = { ...LIMITS, stations: { Study: ["pc"] }, shutdownDelaySec: 61, staleAfterSec: 121 };
  const station = (hosts: readonly string[]) => ({
    stages: [{ number: 1, timeLimitMs: 301_000, groups: [group(hosts)] }],
    hasReserve: true,
  });
  assert.deepEqual(simpleRules(limits, 7), {
    stations: { Study: station(["pc"]) },
    watched: station([]),
    goesWithAny: new Set(),
    wake: { gridStableMs: 300_000, socPercent: 30, macs: {}, addresses: {} },
    cooldownMs: 300_000,
    abortWindowMs: 120_000,
    shutdownDelayMs: 61_000,
    staleAfterMs: 121_000,
    blindLimitMs: 14_400_000,
    notBeforeMonoMs: 7,
  });
});

Deno.test("houseRules() leaves the defaults where a file says nothing of waking and of blindness", () => {
  const { wake, blindLimitMs } = rulesOf(
    '[host.mac]\nmac = "01:23:45:67:89:ab"\nwake_address = "192.168.7.9"\n',
  );
  assert.deepEqual(wake, {
    gridStableMs: 300_000,
    socPercent: 30,
    macs: { mac: "01:23:45:67:89:ab" },
    addresses: { mac: "192.168.7.9" },
  });
  assert.equal(blindLimitMs, 14_400_000);
  const half = rulesOf("[recovery]\ngrid_stable_min = 0\n").wake;
  assert.deepEqual([half.gridStableMs, half.socPercent], [0, 30]);
  const other = rulesOf("[recovery]\nsoc_min = 0\n").wake;
  assert.deepEqual([other.gridStableMs, other.socPercent], [300_000, 0]);
});

Deno.test("houseRules() leaves out who goes with the last of its stations", () => {
  assert.deepEqual([...rulesOf('[host.nas]\ngoes_with = "all"\n').goesWithAny], []);
});

Deno.test("houseRules() keeps a station as it is that neither the file nor one of its hosts' keys speaks of", () => {
  const { stations } = rulesOf('[station.Study]\ndebounce_sec = 1\n[host.nas]\nmac = "01:23:45:67:89:ab"\n');
  assert.deepEqual(stations["Attic room"], {
    stages: [{ number: 1, timeLimitMs: 300_000, groups: [group(["nas", "mac"])] }],
    hasReserve: true,
  });
});

Deno.test("houseRules() gives a host with a key of its own a group of its own on each of its stations", () => {
  const { stations } = rulesOf("[host.nas]\ndebounce_sec = 0\n");
  for (const [device, others] of [["Study", ["tv", "pc", "pi"]], ["Attic room", ["mac"]]] as const) {
    const { stages = [], hasReserve } = stations[device] ?? {};
    assert.equal(hasReserve, true);
    assert.equal(stages.length, 1);
    assert.deepEqual(
      stages[0]?.groups.map(({ key, hosts, debounceMs, triggers }) => [
        key,
        hosts,
        debounceMs,
        triggers.socMinPercent,
      ]),
      [["stage 1", others, 180_000, 10], ["stage 1 nas", ["nas"], 0, 10]],
    );
  }
});

Deno.test("houseRules() makes no group of nobody where every host has one of its own", () => {
  const { stations } = rulesOf("[host.nas]\nsoc_min = 20\n[host.mac]\nsoc_min = 30\n");
  assert.deepEqual(
    stations["Attic room"]?.stages[0]?.groups.map(({ key, triggers }) => [key, triggers.socMinPercent]),
    [["stage 1 nas", 20], ["stage 1 mac", 30]],
  );
});

Deno.test("houseRules() takes the outlet of a host for all of its stations when the file names one", () => {
  const { stations } = rulesOf('[host.nas]\nport = "dc"\n');
  for (const device of ["Study", "Attic room"]) {
    const station = stations[device];
    assert.ok(station);
    assert.equal(placeOf("nas", station)?.group.port, "dc");
    assert.equal(placeOf("mac", station)?.group.port, undefined);
  }
});

Deno.test("houseRules() takes a host's outlet of one station alone, on that one alone", () => {
  const { stations } = rulesOf('[host.nas]\nport = { "Attic room" = "ac2" }\n');
  assert.deepEqual(stations.Study?.stages[0]?.groups, [group(["tv", "pc", "nas", "pi"])]);
  assert.equal(stations["Attic room"]?.stages[0]?.groups[1]?.port, "ac2");
});

Deno.test("houseRules() takes a reserve that is off, every trigger and its own settling time", () => {
  const text = "[station.Study]\nreserve = false\nsoc_min = 0\ndischarge_min = 0\non_battery_min = 0\n" +
    "falling_percent_per_min = 0.1\nfalling_settle_sec = 0\ndebounce_sec = 0\n";
  const { stages, hasReserve } = rulesOf(text).stations.Study ?? {};
  assert.equal(hasReserve, false);
  assert.deepEqual(stages?.[0]?.groups[0]?.triggers, {
    socMinPercent: 0,
    remainingMin: 0,
    onBatteryMin: 0,
    fall: { percentPerMin: 0.1, settleMs: 0 },
  });
  assert.equal(stages?.[0]?.groups[0]?.debounceMs, 0);
});

Deno.test("houseRules() puts the last host into a stage of its own behind all others", () => {
  const station = rulesOf('[station.Study]\nlast = "tv"\n').stations.Study;
  assert.deepEqual(
    station?.stages.map(({ number, groups }) => [number, groups.flatMap(({ hosts }) => hosts)]),
    [
      [1, ["pc", "nas", "pi"]],
      [2, ["tv"]],
    ],
  );
  assert.deepEqual(station && hostsOfStation(station), ["pc", "nas", "pi", "tv"]);
});

Deno.test("hostsOf() names each host once, in the order of the stations", () => {
  assert.deepEqual(hostsOf(simpleRules(LIMITS, 0)), ["tv", "pc", "nas", "pi", "mac"]);
});

Deno.test("placeOf() is the first place that names a host, and none for another's", () => {
  const stage = (number: number, hosts: readonly string[]) => ({
    number,
    timeLimitMs: 1,
    groups: [{ ...group(hosts), key: `${number}` }],
  });
  const station = { stages: [stage(1, ["pc"]), stage(2, ["tv", "pc"])], hasReserve: true };
  assert.equal(placeOf("pc", station)?.stage.number, 1);
  assert.equal(placeOf("pc", station)?.group.key, "1");
  assert.equal(placeOf("tv", station)?.stage.number, 2);
  assert.equal(placeOf("nas", station), undefined);
  assert.deepEqual(hostsOfStation(station), ["pc", "tv"]);
});

Deno.test("placeOf() looks through the stages once, however often it is asked", () => {
  const { stations } = simpleRules(LIMITS, 0);
  let looks = 0;
  const stages = new Proxy(stations.Study?.stages ?? [], {
    get: (target, name, receiver) => {
      if (name === Symbol.iterator) looks++;
      return Reflect.get(target, name, receiver);
    },
  });
  for (let i = 0; i < 100; i++) placeOf("pc", { stages, hasReserve: true });
  assert.equal(looks, 1);
});
