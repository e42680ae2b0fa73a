import assert from "node:assert/strict";
import type { PowerState } from "../../lib/messages/power_state.ts";
import { DEFAULT_ROOTS } from "../../lib/mqtt/topics.ts";
import type { DiscoveryConfig } from "./config.ts";
import { Devices, isSharedKey } from "./devices.ts";
import { stationId } from "./ids.ts";
import type { Component, DevicePayload } from "./payload.ts";
import { shownKeys, stationEntity } from "./station_entities.ts";
import { payloadProblems } from "./testdata/home_assistant_rules.ts";

const CONFIG: DiscoveryConfig = {
  roots: DEFAULT_ROOTS,
  prefix: "homeassistant",
  node: "ecoflow-power",
  staleAfterSec: 120,
  stations: [],
  agentsByStation: { Study: ["nas", "pc"], Cellar: ["pc"], [`"}}'`]: [`it's "{{ x }}"`] },
  nutHosts: ["nas"],
};
const DEVICES = new Devices(CONFIG);

/** A state with every value that there is. */
const FULL: Required<PowerState> = {
  device: "Study",
  soc: 57.3,
  grid_connected: true,
  temp_celsius: 24,
  ac_in_watts: 0,
  sn: "R651ZAB1ST5H0001",
  model: "River 3 Plus",
  ac_in_volts: 231,
  out_watts: 90,
  ac_out_watts: 80,
  dc_in_watts: 10,
  discharge_min: 320,
  charge_min: 12,
  battery_wh: 280,
  battery_design_wh: 286,
  min_soc: 5,
  max_soc: 95,
  ac_out_enabled: true,
  packs: [{ num: 0, sn: "P0", soc: 50, temp_celsius: 20, full_wh: 280 }, { num: 2, soc: 60 }],
  grid_evidence: "flow_info_ac_in=2",
  grid_unconfirmed: true,
  grid_unknown: true,
  soc_source: "packs",
  grid_source: "nut",
  charge_source: "cloud",
  source_disagreement: true,
  discharge_min_doubtful: true,
  outage_ports: [{ port: "ac2", min_soc: 33 }],
  model_guess: true,
  role: "station",
  simulated: true,
  expires_s: 15,
  grid_age_s: 1,
  soc_age_s: 2,
  link: "live",
  age_s: 1,
  ts: "2026-11-23T19:00:00Z",
};

function station(state: PowerState, name = state.device): DevicePayload {
  return DEVICES.station({
    id: stationId(state.sn, name),
    name,
    sn: state.sn,
    model: state.model,
    isAccessory: state.role === "accessory",
    keys: shownKeys(state),
  });
}

/** What is wrong with what really goes out. */
function problemsOf(payload: unknown): string[] {
  return payloadProblems(JSON.parse(JSON.stringify(payload)));
}

/** The components that are really there. */
function components(payload: DevicePayload): Record<string, Component> {
  return Object.fromEntries(
    Object.entries(payload.components).filter((entry): entry is [string, Component] =>
      "unique_id" in entry[1]
    ),
  );
}

Deno.test("Devices.station() shows every value of a state, by Home Assistant's rules", () => {
  const payload = station(FULL);
  assert.deepEqual(problemsOf(payload), []);
  const shown = components(payload);
  const { device: _name, packs: _packs, outage_ports: _ports, expires_s: _expires, ...values } = FULL;
  for (const key of Object.keys(values)) assert.ok(shown[key], key);
  for (const key of ["pack_0_soc", "pack_0_temp_celsius", "pack_0_full_wh", "pack_0_sn", "pack_2_soc"]) {
    assert.ok(shown[key], key);
  }
  assert.equal(shown.pack_2_temp_celsius, undefined);
  assert.equal(shown.pack_1_soc, undefined);
});

Deno.test("Devices.host() and daemon() keep Home Assistant's rules, with the worst of names", () => {
  assert.deepEqual(problemsOf(DEVICES.daemon()), []);
  for (const agent of ["nas", "pc", `it's "{{ x }}"`]) {
    assert.deepEqual(problemsOf(DEVICES.host(agent)), [], agent);
  }
  const onTwo = components(DEVICES.host("pc"));
  assert.equal(onTwo.shutdown?.name, "Shutdown (Study)");
  assert.equal(onTwo.shutdown_2?.state_topic, "power-manager/policy/Cellar");
});

Deno.test("Devices.station() keeps the rules with the worst of names", () => {
  for (const name of [`"}}'`, "🔋 {{ 1 }}", "x".repeat(64), "Küche"]) {
    const payload = station({ ...FULL, sn: undefined }, name);
    assert.deepEqual(problemsOf(payload), [], name);
    assert.equal(components(payload).soc?.state_topic, `bridge-ecoflow/${name}/json/state`);
  }
});

const classes: readonly [
  key: string,
  deviceClass: string,
  unit: string | undefined,
  stateClass: string | undefined,
][] = [
  ["soc", "battery", "%", "measurement"],
  ["temp_celsius", "temperature", "°C", "measurement"],
  ["ac_in_watts", "power", "W", "measurement"],
  ["ac_in_volts", "voltage", "V", "measurement"],
  ["discharge_min", "duration", "min", "measurement"],
  ["battery_wh", "energy_storage", "Wh", "measurement"],
  ["policy_timer_left", "duration", "s", undefined],
  ["link", "enum", undefined, undefined],
  ["ts", "timestamp", undefined, undefined],
  ["grid_connected", "power", undefined, undefined],
];
for (const [key, deviceClass, unit, stateClass] of classes) {
  Deno.test(`Devices.station() gives ${key} the class ${deviceClass}`, () => {
    const found = components(station(FULL))[key];
    assert.deepEqual(
      [found?.device_class, found?.unit_of_measurement, found?.state_class],
      [deviceClass, unit, stateClass],
    );
  });
}

Deno.test("Devices.station() makes no entity of what a model never tells", () => {
  const shown = components(station({ device: "Study", soc: 50 }));
  assert.equal(shown.dc_in_watts, undefined);
  assert.equal(shown.pack_0_soc, undefined);
  for (const key of ["soc", "grid_connected", "out_watts", "link", "age_s"]) assert.ok(shown[key], key);
});

Deno.test("Devices.station() names EcoFlow as the maker of what has a serial number of theirs, and nobody for a UPS by cable alone", () => {
  const maker = (sn?: string) => {
    const shown = station({ device: "Rack", sn, soc: 50, model: "Smart-UPS", charge_source: "nut" });
    assert.deepEqual(problemsOf(shown), []);
    return shown.device.manufacturer;
  };
  assert.deepEqual([maker("R651SIM000000001"), maker()], ["EcoFlow", undefined]);
});

Deno.test("Devices.station() gives an accessory no policy", () => {
  const keys = Object.keys(components(station({ ...FULL, role: "accessory" })));
  assert.deepEqual(keys.filter((key) => key.startsWith("policy_")), []);
});

Deno.test("Devices.station() every measured value needs the daemon, the link and fresh words, and expires", () => {
  for (const [key, component] of Object.entries(components(station(FULL)))) {
    if (isSharedKey(key)) continue;
    const isMeasured = stationEntity(key)?.shows === "measured";
    const topics = component.availability?.map(({ topic }) => topic);
    const standing = "power-manager/home_assistant/station_r651zab1st5h0001/standing";
    assert.deepEqual(
      topics,
      isMeasured
        ? ["power-manager/orchestrator/status", "bridge-ecoflow/Study/json/state", standing]
        : ["power-manager/orchestrator/status", standing],
      key,
    );
    assert.equal(component.availability_mode, "all");
    assert.ok((component.expire_after ?? 0) > 0, key);
  }
});

Deno.test("Devices.station() judges every value with an age of its own by that age", () => {
  const shown = components(station(FULL));
  const judged = Object.entries(shown).filter(([, { value_template }]) => value_template?.includes("<= 120"));
  assert.deepEqual(judged.map(([key]) => key).toSorted(), [
    "charge_source",
    "grid_connected",
    "grid_evidence",
    "grid_source",
    "grid_unconfirmed",
    "soc",
  ]);
  assert.match(shown.soc?.value_template ?? "", /soc_age_s/);
  for (const key of ["grid_connected", "grid_evidence", "grid_source", "grid_unconfirmed"]) {
    assert.match(shown[key]?.value_template ?? "", /grid_age_s/, key);
  }
});

Deno.test("Devices.station() takes away components of an earlier version, by their platform alone", () => {
  const payload = DEVICES.station(
    { id: "station_x", name: "X", isAccessory: false, keys: ["soc"] },
    { old_key: "sensor" },
  );
  assert.deepEqual(payload.components.old_key, { platform: "sensor" });
  assert.deepEqual(problemsOf(payload), []);
});

const wrong: readonly [what: string, change: (payload: Record<string, unknown>) => void, problem: RegExp][] =
  [
    ["a stranger at the root", (p) => p.object_id = "x", /unknown key "object_id"/],
    ["no identifier", (p) => p.device = { name: "x" }, /no identifier/],
    ["no origin", (p) => delete p.origin, /origin has no name/],
    ["a wrong unit", (p) => soc(p).unit_of_measurement = "W", /does not have the unit "W"/],
    ["a wrong state class", (p) => energy(p), /does not have the state class "measurement"/],
    ["no unique id", (p) => delete soc(p).unique_id, /unique id is required/],
    ["options without enum", (p) => soc(p).options = ["a"], /options need/],
    ["a misspelt option", (p) => soc(p).expires_after = 3, /"expires_after" is no option of sensor/],
    ["category config", (p) => soc(p).entity_category = "config", /category config/],
  ];
for (const [what, change, problem] of wrong) {
  Deno.test(`payloadProblems() finds ${what}`, () => {
    const payload = structuredClone(station(FULL)) as unknown as Record<string, unknown>;
    change(payload);
    assert.match(payloadProblems(payload).join("\n"), problem);
  });
}

function soc(payload: Record<string, unknown>): Record<string, unknown> {
  return (payload.components as Record<string, Record<string, unknown>>).soc ?? {};
}

function energy(payload: Record<string, unknown>): void {
  Object.assign(soc(payload), { device_class: "energy", unit_of_measurement: "Wh" });
}
