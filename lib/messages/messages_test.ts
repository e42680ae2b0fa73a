import assert from "node:assert/strict";
import { InvalidInputError } from "../errors.ts";
import { parseAgentAck } from "./agent/ack.ts";
import { parseAgentCommand } from "./agent/command.ts";
import { parseAgentStatus } from "./agent/status.ts";
import { parseCloudStatus } from "./cloud_status.ts";
import { parseEvent } from "./event.ts";
import { encodeOrchestratorStatus, parseOrchestratorStatus, serviceStatus } from "./orchestrator_status.ts";
import { parsePolicyStatus } from "./policy_status.ts";
import { encodePowerState, freshReadings, parsePowerState } from "./power_state.ts";
import { parseStationList } from "./station_list.ts";

const parsers = {
  parseAgentAck,
  parseAgentCommand,
  parseAgentStatus,
  parseCloudStatus,
  parseEvent,
  parseOrchestratorStatus,
  parsePolicyStatus,
  parsePowerState,
  parseStationList,
};

for (const [name, parse] of Object.entries(parsers)) {
  for (
    const bad of [
      "",
      "nonsense",
      "null",
      "[]",
      "3",
      '"x"',
      new Uint8Array([0xff, 0xfe]),
      new Uint8Array(300_000),
    ]
  ) {
    const shown = typeof bad === "string" ? JSON.stringify(bad) : `${bad.length} bytes`;
    Deno.test(`${name}() refuses ${shown} and names its source`, () => {
      assert.throws(() => parse(bad, 'MQTT topic "t"'), (error) => {
        assert.ok(error instanceof InvalidInputError);
        assert.match(error.message, /^Cannot read MQTT topic "t": /);
        return true;
      });
    });
  }
}

const STATE = { device: "Study", soc: 87, grid_connected: true, temp_celsius: 31, ac_in_watts: 51 };

Deno.test("parsePowerState() reads what the predecessor's simulation sends, and leaves the rest unknown", () => {
  const state = parsePowerState(JSON.stringify(STATE), "test");
  assert.deepEqual(state, STATE);
});

Deno.test("parsePowerState() reads what says how far a value may be trusted", () => {
  const state = {
    ...STATE,
    grid_connected: undefined,
    grid_unknown: true,
    soc_source: "packs",
    discharge_min_doubtful: true,
    outage_ports: [{ port: "dc", min_soc: 20 }, { port: "ac2", min_soc: 33 }],
    model_guess: true,
  };
  assert.deepEqual(parsePowerState(JSON.stringify(state), "test"), JSON.parse(JSON.stringify(state)));
});

Deno.test("freshReadings() says no grid that is said to be unknown", () => {
  assert.deepEqual(freshReadings({ ...STATE, grid_unknown: true }, 60), { soc: 87 });
});

Deno.test("parsePowerState() drops keys that it does not know", () => {
  assert.deepEqual(parsePowerState(JSON.stringify({ ...STATE, colour: "red" }), "test"), STATE);
});

const wrong: readonly [change: object, problem: RegExp][] = [
  [{ soc: "87" }, /"soc" must be number, found "87"/],
  [{ soc: -0.1 }, /"soc" must be 0 to 100, found -0.1/],
  [{ soc: 100.1 }, /"soc" must be 0 to 100, found 100.1/],
  [{ soc: null }, /"soc" must be \(number \| undefined\)|"soc" must be number, found null/],
  [{ grid_connected: 1 }, /"grid_connected" must be boolean, found 1/],
  [{ device: "" }, /"device" must not be empty/],
  [{ discharge_min: -1 }, /"discharge_min" must be 0 to 1000000, found -1/],
  [{ link: "fine" }, /"link" must be \("live" \| "stale" \| "offline"\), found "fine"/],
  [{ soc_source: "guess" }, /"soc_source" must be \("system" \| "pack" \| "packs"\), found "guess"/],
  [{ outage_ports: [{ port: "ac9", min_soc: 30 }] }, /"outage_ports.0.port" must be .*found "ac9"/],
  [{ outage_ports: [{ port: "ac2", min_soc: 130 }] }, /"outage_ports.0.min_soc" must be 0 to 100, found 130/],
  [{ ts: "yesterday" }, /"ts" must be an ISO 8601 time, found "yesterday"/],
];
for (const [change, problem] of wrong) {
  Deno.test(`parsePowerState() refuses ${JSON.stringify(change)}`, () => {
    assert.throws(() => parsePowerState(JSON.stringify({ ...STATE, ...change }), "test"), problem);
  });
}

Deno.test("parsePowerState() tells all problems at once", () => {
  assert.throws(() => parsePowerState('{"device":3,"soc":400,"link":1}', "test"), (error) => {
    assert.ok(error instanceof InvalidInputError);
    return error.problems.length === 3;
  });
});

const FRESH = { soc: 50, grid_connected: false };
const ages: readonly [what: string, ages: object, expected: object][] = [
  ["both at the limit", { soc_age_s: 120, grid_age_s: 120 }, FRESH],
  ["an old charge", { soc_age_s: 120.1, grid_age_s: 0 }, { grid_connected: false }],
  ["an old grid", { soc_age_s: 0, grid_age_s: 120.1 }, { soc: 50 }],
  ["both old", { soc_age_s: 7200, grid_age_s: 7200, age_s: 0 }, {}],
  ["no ages of their own", { age_s: 120 }, FRESH],
  ["no ages of their own, too old", { age_s: 120.1 }, {}],
  ["no ages", {}, FRESH],
];
for (const [what, of, expected] of ages) {
  Deno.test(`freshReadings() with ${what} says ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(freshReadings({ device: "Study", ...FRESH, ...of }, 120), expected);
  });
}

Deno.test("freshReadings() makes nothing up", () => {
  assert.deepEqual(freshReadings({ device: "Study", soc_age_s: 0, grid_age_s: 0 }, 120), {});
  assert.deepEqual(freshReadings({ device: "Study", soc: 0 }, 120), { soc: 0 });
});

Deno.test("encodePowerState() leaves unknown values out and is read back the same", () => {
  const text = encodePowerState({ ...STATE, out_watts: undefined });
  assert.ok(!text.includes("out_watts"));
  assert.deepEqual(parsePowerState(text, "test"), STATE);
});

for (const [limit, ok] of [[0, true], [-1, false], [86_400, true], [86_401, false], [1.5, false]] as const) {
  Deno.test(`parseAgentCommand() ${ok ? "takes" : "refuses"} a delay of ${limit} s`, () => {
    const text = JSON.stringify({ id: "1", action: "shutdown", delay_sec: limit });
    if (ok) assert.equal(parseAgentCommand(text, "test").delay_sec, limit);
    else {assert.throws(() =>
        parseAgentCommand(text, "test"), /"delay_sec" must be a whole number from 0 to 86400/);}
  });
}

Deno.test("parseAgentCommand() refuses an unknown action by name", () => {
  assert.throws(
    () => parseAgentCommand('{"id":"1","action":"explode"}', "test"),
    /"action" must be .*found "explode"/,
  );
});

Deno.test("serviceStatus() is read by everybody, however much there is to say", () => {
  const hosts = Array.from({ length: 40 }, (_, i) => ({ host: `host-${i}`, refused: "x".repeat(2000) }));
  const problems = [{
    code: "nut_host_missing",
    severity: "warning" as const,
    text: "y".repeat(9000),
    hosts,
  }];
  const text = encodeOrchestratorStatus({
    online: true,
    services: { nut_server: serviceStatus({ state: "ready", restarts: 0, problems }) },
  });
  const read = parseOrchestratorStatus(text, "x").services?.nut_server;
  assert.match(read?.problems[0] ?? "", /^y{499}…$/);
  assert.deepEqual(read?.conditions?.[0]?.hosts?.map(({ host }) => host), hosts.map(({ host }) => host));
});
