import assert from "node:assert/strict";
import { loadConfig } from "../../lib/config/load.ts";
import { findingsText } from "../../lib/findings.ts";
import type { HealthCondition, HostCondition } from "../../lib/health.ts";
import { serviceStatus } from "../../lib/messages/orchestrator_status.ts";
import { keyId } from "../../lib/pairing/signing.ts";
import { accountText, housesText } from "../devices.ts";
import { type BrokerSnapshot, emptySnapshot, noteMessage } from "../broker/broker_snapshot.ts";
import { examineHouse } from "./examine_house.ts";

const NOW = Date.UTC(2026, 10, 24, 10);
const at = (secondsAgo: number) => new Date(NOW - secondsAgo * 1000).toISOString();
const KEY = "ab".repeat(32);

function houseWith(extra: Record<string, string> = {}, keys: Record<string, string> = { pc: KEY }) {
  return loadConfig({
    environment: {
      ECOFLOW_USER: "me@example.com",
      ECOFLOW_PASS: "x",
      ECOFLOW_DEVICE_LIST: "R651ZEB400000000:Study",
      DEVICE_TO_AGENTS_JSON: '{"Study":["pc"]}',
      ...extra,
    },
    exists: (path) => path.endsWith("agent_keys.json"),
    readFile: () => JSON.stringify(keys),
  });
}

/** A house in which nothing is wrong, but for what `change` says. */
function words(change: Record<string, unknown> = {}): BrokerSnapshot {
  const said: Record<string, unknown> = {
    "power-manager/orchestrator/status": {
      online: true,
      version: "1.0",
      services: { policy_engine: { state: "ready", restarts: 0, problems: [] } },
    },
    "bridge-ecoflow/status": { link: "up", detail: "1 station", ts: at(5) },
    "bridge-ecoflow/devices": { stations: [{ sn: "R651ZEB400000000", name: "Study" }] },
    "bridge-ecoflow/Study/json/state": {
      device: "Study",
      soc: 87,
      grid_connected: true,
      grid_evidence: "flow_info_ac_in=2",
      link: "live",
      age_s: 2,
      ts: at(3),
    },
    "power-manager/pc/status": { agent: "pc", online: true, os: "linux", key_ids: [keyId(KEY)] },
    "power-manager/drill/report": {
      id: "d",
      state: "ended",
      sentence: "1 of 1 hosts are ready.",
      hosts: [{ agent: "pc", state: "done" }],
      ts: at(86_400),
    },
    ...change,
  };
  const heard = emptySnapshot();
  for (const [topic, value] of Object.entries(said)) {
    if (value === undefined) continue;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    noteMessage(heard, houseWith().roots, { topic, payload: new TextEncoder().encode(text), retained: true });
  }
  return heard;
}

const STATE = "bridge-ecoflow/Study/json/state";
const LIVE = { device: "Study", soc: 1, grid_connected: true, link: "live" };
const STATUS = "power-manager/pc/status";

/** Nobody holds the state directory: what the daemon says at the broker is all there is. */
const FREE = { kind: "free" } as const;

Deno.test("examineHouse() finds nothing wrong where nothing is wrong", () => {
  const findings = examineHouse(houseWith(), words(), NOW, FREE);
  assert.deepEqual(findings.filter(({ verdict }) => verdict !== "good"), []);
  assert.match(
    findingsText(findings),
    /station Study: live, 5 s old, 87 %, the grid is there \(flow_info_ac_in=2\)/,
  );
});

const TABLE: readonly (readonly [string, "bad" | "unsure" | "good", RegExp, Record<string, unknown>])[] = [
  ["a daemon that never was", "bad", /^daemon: does not run/, {
    "power-manager/orchestrator/status": undefined,
  }],
  ["a daemon that is gone", "bad", /^daemon: does not run/, {
    "power-manager/orchestrator/status": { online: false },
  }],
  ["a service in trouble", "bad", /policy_engine: disk full/, {
    "power-manager/orchestrator/status": {
      online: true,
      services: { policy_engine: { state: "ready", restarts: 0, problems: ["disk full"] } },
    },
  }],
  ["a cloud that refuses", "bad", /^cloud: refused: check ECOFLOW_USER/, {
    "bridge-ecoflow/status": { link: "refused", detail: "check ECOFLOW_USER", ts: at(1) },
  }],
  ["a silent station", "bad", /^station Study: has said nothing/, { [STATE]: undefined }],
  ["a station that has no reading yet", "bad", /^station Study: has said nothing/, {
    [STATE]: { device: "Study", link: "offline", ts: at(9) },
  }],
  [
    "a wrong serial number",
    "bad",
    /^station Study: the account has no station with .*did you mean "R651ZEB400000001"/,
    {
      [STATE]: undefined,
      "bridge-ecoflow/devices": { stations: [{ sn: "R651ZEB400000001", name: "Study" }] },
    },
  ],
  [
    "a wrong serial number of which the daemon tells a state without a reading",
    "bad",
    /^station Study: the account has no station with/,
    {
      [STATE]: { device: "Study", link: "stale", ts: at(9) },
      "bridge-ecoflow/devices": { stations: [{ sn: "R651ZEB400000001", name: "Study" }] },
    },
  ],
  [
    "the hosts of a station in trouble",
    "bad",
    /^host pc: would be shut down: no, because of the station Study/,
    {
      [STATE]: undefined,
    },
  ],
  [
    "a host of a daemon whose policy is in trouble",
    "bad",
    /^host pc: would be shut down: no, because of the daemon \(see above\); /,
    {
      "power-manager/orchestrator/status": {
        online: true,
        services: { policy_engine: { state: "ready", restarts: 0, problems: ["disk full"] } },
      },
    },
  ],
  [
    "a host of a daemon whose policy began anew, because it could not read what it had kept",
    "good",
    /^host pc: would be shut down: yes/,
    {
      "power-manager/orchestrator/status": {
        online: true,
        services: {
          policy_engine: {
            state: "ready",
            restarts: 0,
            problems: ["Cannot read the policy's snapshot: must be JSON; the policy begins anew"],
            conditions: [{ code: "snapshot_refused", severity: "warning" }],
          },
        },
      },
    },
  ],
  [
    "a host of a daemon whose policy began anew, and cannot store it now",
    "bad",
    /^host pc: would be shut down: no, because of the daemon/,
    {
      "power-manager/orchestrator/status": {
        online: true,
        services: {
          policy_engine: {
            state: "ready",
            restarts: 0,
            problems: ["it began anew", "Cannot store the policy's state"],
            conditions: [{ code: "snapshot_refused", severity: "warning" }, {
              code: "snapshot_not_stored",
              severity: "error",
            }],
          },
        },
      },
    },
  ],
  [
    "a host of a daemon whose notifications alone are in trouble",
    "good",
    /^host pc: would be shut down: yes/,
    {
      "power-manager/orchestrator/status": {
        online: true,
        services: {
          policy_engine: { state: "ready", restarts: 0, problems: [] },
          notifier: { state: "ready", restarts: 0, problems: ["phone: answered 500"] },
        },
      },
    },
  ],
  [
    "a host that is protected",
    "good",
    /^host pc: would be shut down: yes; agent online, linux; by Study at 10 %$/,
    {},
  ],
  ["a state of 120 s", "good", /live, 120 s old/, {
    [STATE]: { device: "Study", soc: 1, grid_connected: true, link: "live", age_s: 20, ts: at(100) },
  }],
  ["a state of 121 s that still says live", "bad", /live, its newest reading is 121 s old/, {
    [STATE]: { device: "Study", soc: 1, grid_connected: true, link: "live", age_s: 20, ts: at(101) },
  }],
  ["a state of unknown age", "bad", /of unknown age/, {
    [STATE]: { device: "Study", soc: 1, grid_connected: true, link: "live" },
  }],
  [
    "a station that no longer says",
    "bad",
    /no longer says whether the grid is there \(no reading since flow\)/,
    {
      [STATE]: {
        ...LIVE,
        grid_connected: undefined,
        grid_unknown: true,
        grid_evidence: "no reading since flow",
        age_s: 1,
        ts: at(1),
      },
    },
  ],
  [
    "a station that no longer says after a loss",
    "bad",
    /no longer says .* the outage that it told goes on, by its charge/,
    {
      [STATE]: {
        ...LIVE,
        grid_connected: false,
        grid_unknown: true,
        grid_age_s: 200,
        age_s: 1,
        ts: at(1),
      },
    },
  ],
  ["a guessed model", "unsure", /taken for a DELTA 1000\/1300 by two letters of its serial number/, {
    [STATE]: { ...LIVE, model: "DELTA 1000/1300", model_guess: true, age_s: 1, ts: at(1) },
  }],
  ["a station without a grid indicator", "bad", /does not say whether the grid is there/, {
    [STATE]: { device: "Study", soc: 1, link: "live", age_s: 1, ts: at(1) },
  }],
  ["charge and grid of 120 s", "good", /live, 20 s old, 1 %, the grid is there/, {
    [STATE]: { ...LIVE, age_s: 0, soc_age_s: 100, grid_age_s: 100, ts: at(20) },
  }],
  ["a charge of 121 s", "bad", /^station Study: live, but has not confirmed its charge for more than 120 s/, {
    [STATE]: { ...LIVE, age_s: 0, soc_age_s: 101, grid_age_s: 1, ts: at(20) },
  }],
  ["a grid of hours", "bad", /^station Study: live, but has not confirmed the grid for more than 120 s/, {
    [STATE]: { ...LIVE, age_s: 0, soc_age_s: 1, grid_age_s: 7200, ts: at(20) },
  }],
  ["an outage", "good", /THE GRID IS GONE/, {
    [STATE]: { device: "Study", soc: 1, grid_connected: false, link: "live", age_s: 1, ts: at(1) },
  }],
  ["a host that was never heard", "bad", /^host pc: .*it was never heard/, { [STATUS]: undefined }],
  ["a host with another key", "bad", /another key/, {
    [STATUS]: { agent: "pc", online: true, key_ids: ["0000"] },
  }],
  ["a host in rehearsal", "unsure", /rehearsal/, {
    [STATUS]: { agent: "pc", online: true, rehearsal: true },
  }],
  ["a host that is off", "unsure", /switched off/, {
    [STATUS]: { agent: "pc", online: false, going_down: true },
  }],
  ["no drill", "unsure", /none on record/, { "power-manager/drill/report": undefined }],
  ["an old drill", "unsure", /91 days ago/, {
    "power-manager/drill/report": {
      id: "d",
      state: "ended",
      sentence: "x",
      hosts: [],
      ts: at(91 * 86_400),
    },
  }],
  ["a drill in which a host was silent", "bad", /0 of 1/, {
    "power-manager/drill/report": {
      id: "d",
      state: "ended",
      sentence: "0 of 1 hosts are ready.",
      hosts: [{ agent: "pc", state: "silent" }],
      ts: at(60),
    },
  }],
  ["a message that is no JSON", "bad", /^messages: Cannot read .*status/, { "bridge-ecoflow/status": "{" }],
];

for (const [name, verdict, text, change] of TABLE) {
  Deno.test(`examineHouse() judges ${name}: ${verdict}`, () => {
    const findings = examineHouse(houseWith(), words(change), NOW, FREE);
    const found = findings.find((finding) => text.test(`${finding.what}: ${finding.text}`));
    assert.equal(found?.verdict, verdict, findingsText(findings));
  });
}

Deno.test("examineHouse() misses keys and hosts", () => {
  const text = (house: ReturnType<typeof houseWith>) => findingsText(examineHouse(house, words(), NOW, FREE));
  assert.match(text(houseWith({}, {})), /WRONG {2}host pc: would be shut down: no, because it has no key/);
  assert.match(text(houseWith({ DEVICE_TO_AGENTS_JSON: "{}" })), /WRONG {2}hosts: none/);
});

Deno.test("examineHouse() calls the hosts of a station that nobody has unprotected", () => {
  const house = houseWith({ DEVICE_TO_AGENTS_JSON: '{"Studdy":["pc"]}', ECOFLOW_DEVICE_LIST: "" });
  const text = findingsText(examineHouse(house, words(), NOW, FREE));
  assert.match(
    text,
    /WRONG {2}station Studdy: no such station: .*did you mean "Study"\?; its hosts are NOT protected/,
  );
  assert.match(text, /WRONG {2}host pc: would be shut down: no, because of the station Studdy/);
});

const NUT_TOML = `allow = ["192.168.1.0/24"]
[[user]]
name = "monuser"
password = "secret"
[[ups]]
name = "ups"
device = "Study"
host = "nas"
`;

/** A house whose only host has a NUT client and no key. */
const nutHouse = () =>
  loadConfig({
    environment: {
      ECOFLOW_USER: "me@example.com",
      ECOFLOW_PASS: "x",
      ECOFLOW_DEVICE_LIST: "R651ZEB400000000:Study",
      DEVICE_TO_AGENTS_JSON: '{"Study":["nas"]}',
      NUT_LISTEN_HOST: "192.168.1.10",
      NUT_CONFIG_FILE: "nut.toml",
    },
    exists: () => false,
    readFile: (path) => path.endsWith("nut.toml") ? NUT_TOML : "{}",
  });

for (
  const [name, status, verdict, text] of [
    [
      "logged in",
      { online: true, os: "NUT client at 192.168.1.20", can: ["nut"] },
      "good",
      /: yes; NUT client logged in, NUT client at 192/,
    ],
    [
      "not logged in yet",
      undefined,
      "bad",
      /: no, because no NUT client of it has logged in yet: start its client/,
    ],
    ["gone", { online: false, can: ["nut"] }, "bad", /a shutdown would not reach it: .*LOGIN REFUSED/],
    ["on its way down", { online: true, going_down: true }, "unsure", /down_after_s/],
    [
      "down as it was told",
      { online: false, going_down: true },
      "unsure",
      /: no, because it is switched off/,
    ],
  ] as const
) {
  Deno.test(`examineHouse() judges a NUT host that is ${name}: ${verdict}`, () => {
    const said = words({
      [STATUS]: undefined,
      "power-manager/nas/status": status && { agent: "nas", ...status },
    });
    const found = examineHouse(nutHouse(), said, NOW, FREE);
    const host = found.find(({ what }) => what === "host nas");
    assert.equal(host?.verdict, verdict, findingsText(found));
    assert.match(host?.text ?? "", text);
    const wrong = found.filter((finding) => finding.verdict === "bad" && finding !== host);
    assert.deepEqual(wrong, [], "nothing else is wrong: a house of NUT clients can be green");
  });
}

Deno.test("housesText() shows no value that is not live", () => {
  const live = housesText(words(), houseWith(), NOW);
  assert.match(live, /^Study +R651ZEB400000000 +RIVER 3 +live +5 s +87 % +there +pc$/m);
  const old = housesText(words(), houseWith(), NOW + 3_600_000);
  assert.match(old, /^Study +R651ZEB400000000 +RIVER 3 +stale +3605 s +– +– +pc$/m);
  const unconfirmed = { ...LIVE, soc: 87, age_s: 2, ts: at(3) };
  const charge = words({ [STATE]: { ...unconfirmed, soc_age_s: 118, grid_age_s: 117 } });
  assert.match(housesText(charge, houseWith(), NOW), / live +5 s +– +there +pc$/m);
  const grid = words({ [STATE]: { ...unconfirmed, soc_age_s: 117, grid_age_s: 118 } });
  assert.match(housesText(grid, houseWith(), NOW), / live +5 s +87 % +– +pc$/m);
  const silent = housesText(words({ [STATE]: undefined }), houseWith(), NOW);
  assert.match(silent, /silent +– +– +– +pc$/m);
});

Deno.test("accountText() says which stations nobody watches", () => {
  const text = accountText(
    [{ sn: "R651ZEB400000000", online: true }, { sn: "NEW1000", name: "Cellar" }],
    houseWith(),
  );
  assert.match(text, /^– +R651ZEB400000000 +RIVER 3 +yes +yes$/m);
  assert.match(text, /^Cellar +NEW1000 +unknown +– +no$/m);
});

Deno.test("housesText() says when the grid is no longer told, and when the model is a guess", () => {
  const state = {
    ...LIVE,
    grid_connected: undefined,
    grid_unknown: true,
    model: "DELTA Max",
    model_guess: true,
    age_s: 1,
    ts: at(1),
  };
  assert.match(
    housesText(words({ [STATE]: state }), houseWith(), NOW),
    /DELTA Max \(a guess\) +live .* UNKNOWN/,
  );
});

const TWO = { ECOFLOW_DEVICE_LIST: "R651ZEB400000000:Study,R651ZEB400000001:Attic" };
const BOTH = { ...TWO, DEVICE_TO_AGENTS_JSON: '{"Study":["pc"],"Attic":["pc"]}' };
const LIST = {
  stations: [{ sn: "R651ZEB400000000", name: "Study" }, { sn: "R651ZEB400000001", name: "Attic" }],
};
const FINE = { soc: 87, grid_connected: true, link: "live", age_s: 1, ts: at(1) };

for (
  const [name, env, policy, attic, wanted] of [
    ["no policy file", {}, "", true, /yes; agent online, linux; by Study at 10 %$/],
    [
      "its own triggers",
      {},
      "[station.Study]\non_battery_min = 30\n[host.pc]\nsoc_min = 20\n",
      true,
      /by Study at 20 % or after 30 min on battery$/,
    ],
    [
      "its grid off",
      {},
      '[station.Study]\ngrid = "off"\n',
      true,
      /no, because of the policy file, which has grid = "off" for Study;/,
    ],
    ["two stations", BOTH, "", true, /yes; .*by Study at 10 %, and Attic at 10 %$/],
    [
      "two, and it goes with any",
      BOTH,
      '[host.pc]\ngoes_with = "any"\n',
      true,
      /by Study at 10 %, or Attic at 10 %$/,
    ],
    ["two, one of them silent: it holds nobody up", BOTH, "", false, /yes; agent/],
    ["two, one with its grid off", BOTH, '[station.Attic]\ngrid = "off"\n', true, /yes; .*by Study at 10 %$/],
    [
      "two, one silent and one with its grid off",
      BOTH,
      '[station.Study]\ngrid = "off"\n',
      false,
      /no, because of the policy/,
    ],
  ] as const
) {
  Deno.test(`examineHouse() says whether a host would be shut down: ${name}`, () => {
    const house = loadConfig({
      environment: {
        ECOFLOW_USER: "me@example.com",
        ECOFLOW_PASS: "x",
        ECOFLOW_DEVICE_LIST: "R651ZEB400000000:Study",
        DEVICE_TO_AGENTS_JSON: '{"Study":["pc"]}',
        ...(policy === "" ? {} : { POLICY_FILE: "policy.toml" }),
        ...env,
      },
      exists: (path) => path.endsWith("agent_keys.json"),
      readFile: (path) => path.endsWith(".toml") ? policy : JSON.stringify({ pc: KEY }),
    });
    const said = words({
      "bridge-ecoflow/devices": LIST,
      [STATE]: { device: "Study", ...FINE },
      "bridge-ecoflow/Attic/json/state": attic ? { device: "Attic", ...FINE } : undefined,
    });
    const found = examineHouse(house, said, NOW, FREE).find(({ what }) => what === "host pc");
    assert.match(found?.text ?? "", wanted);
  });
}

/** What the NUT server says of itself, as the daemon passes it on. */
const nutSays = (...problems: readonly HealthCondition[]) => ({
  online: true,
  services: { nut_server: serviceStatus({ state: "ready", restarts: 0, problems }) },
});
const missing = (...hosts: readonly HostCondition[]): HealthCondition => ({
  code: "nut_host_missing",
  severity: "warning",
  text: `The NUT client of ${hosts.map(({ host }) => host).join("; ")} is not there`,
  hosts,
});

for (
  const [name, said, verdict] of [
    ["another host's client is missing", nutSays(missing({ host: "pve" })), "good"],
    ["its own client is missing", nutSays(missing({ host: "pve" }, { host: "nas" })), "bad"],
    [
      "the NUT server cannot listen",
      nutSays({ code: "nut_cannot_listen", severity: "error", text: "another program listens there" }),
      "bad",
    ],
    [
      "the policy does not list it",
      nutSays({ code: "nut_host_unknown_to_policy", severity: "warning", text: "does not list nas" }),
      "good",
    ],
    [
      "a daemon of before says a sentence alone",
      { online: true, services: { nut_server: { state: "ready", restarts: 0, problems: ["nas is away"] } } },
      "bad",
    ],
  ] as const
) {
  Deno.test(`examineHouse() calls a NUT host ${verdict} when ${name}`, () => {
    const heard = words({
      [STATUS]: undefined,
      "power-manager/nas/status": { agent: "nas", online: true, can: ["nut"] },
      "power-manager/orchestrator/status": said,
    });
    const host = examineHouse(nutHouse(), heard, NOW, FREE).find(({ what }) => what === "host nas");
    assert.equal(host?.verdict, verdict, host?.text ?? "no such host");
  });
}

Deno.test("examineHouse() knows a daemon that runs without a word at the broker", () => {
  const silent = words({ "power-manager/orchestrator/status": undefined });
  const held = { kind: "taken", pid: 77 } as const;
  const [found] = examineHouse(houseWith({ MQTT_HOST: "pi.lan" }), silent, NOW, held);
  assert.match(`${found?.verdict} ${found?.text}`, /^bad runs \(process 77\), but the broker has nothing/);
  const [inside] = examineHouse(houseWith(), silent, NOW, held);
  assert.match(
    `${inside?.verdict} ${inside?.text}`,
    /^bad runs \(process 77\), but .*another program has 127\.0\.0\.1:1883 .*set MQTT_EMBEDDED_PORT/,
  );
  const [unknown] = examineHouse(houseWith(), silent, NOW, { kind: "unknown", reason: "no permission" });
  assert.match(`${unknown?.verdict} ${unknown?.text}`, /^bad does not run/);
});

Deno.test("examineHouse() says what keeps the cloud away once, and blames no station for it", () => {
  const detail = "EcoFlow refuses the account: check ECOFLOW_USER (code 2026)";
  const said = words({
    "bridge-ecoflow/status": { link: "refused", detail, ts: at(1) },
    "bridge-ecoflow/devices": { stations: [] },
    [STATE]: undefined,
    "power-manager/orchestrator/status": {
      online: true,
      services: { cloud_bridge: { state: "ready", restarts: 0, problems: [detail] } },
    },
  });
  const found = examineHouse({ ...houseWith(), stations: [], agentsByStation: {} }, said, NOW, FREE);
  const text = findingsText(found);
  assert.equal(text.split(detail).length - 1, 1, text);
  assert.match(text, /stations: not known before the cloud answers/);
});

Deno.test("examineHouse() says why a NUT client was refused, and of nobody else", () => {
  const refused = 'user "(refused: " on UPS "The NUT client of nas " from 192.168.1.5, the password is wrong';
  const textOf = (host: string) => {
    const heard = words({
      [STATUS]: undefined,
      "power-manager/orchestrator/status": nutSays(missing({ host, refused })),
    });
    return examineHouse(nutHouse(), heard, NOW, FREE).find(({ what }) => what === "host nas")?.text ?? "";
  };
  assert.ok(textOf("nas").includes(`because its NUT client was refused: ${refused}: correct`), textOf("nas"));
  assert.doesNotMatch(textOf("nas2"), /the password is wrong/);
});

for (
  const [name, extra, wanted] of [
    ["the broker inside", {}, /it was never heard, and no other computer can be: .* set MQTT_HOST/],
    ["a broker in the house", { MQTT_HOST: "pi.lan" }, /it was never heard: run there: ecoflow-agent pair/],
  ] as const
) {
  Deno.test(`examineHouse() says of a host that was never heard at ${name} what can be done`, () => {
    const heard = words({ [STATUS]: undefined });
    const host = examineHouse(houseWith(extra), heard, NOW, FREE).find(({ what }) => what === "host pc");
    assert.match(host?.text ?? "", wanted);
  });
}

Deno.test("examineHouse() names the services that share a worker, as the daemon itself tells it", () => {
  const services = Object.fromEntries(
    ["historian", "dashboard"].map((
      name,
    ) => [name, serviceStatus({ state: "ready", restarts: 0, problems: [] })]),
  );
  const found = (together?: string[]) =>
    examineHouse(
      houseWith(),
      words({ "power-manager/orchestrator/status": { online: true, version: "1.0", services, together } }),
      NOW,
      FREE,
    );
  assert.equal(found()[0]?.text, "1.0, 2 services ready");
  assert.equal(
    found(["historian", "dashboard"])[0]?.text,
    "1.0, 2 services ready; historian, dashboard share one worker (OPTIONAL_SERVICES)",
  );
});

/** What the policy says of itself, as the daemon passes it on. */
const policySays = (...problems: readonly HealthCondition[]) => ({
  online: true,
  services: { policy_engine: serviceStatus({ state: "ready", restarts: 0, problems }) },
});

for (
  const [name, house, change, wanted] of [
    [
      "another host has no key",
      houseWith(),
      {
        "power-manager/orchestrator/status": policySays({
          code: "unsigned_commands",
          severity: "warning",
          text: "agents without a key get unsigned commands: tv",
          hosts: [{ host: "tv" }],
        }),
      },
      /^good would be shut down: yes; agent online/,
    ],
    [
      "a warning is about a station alone",
      houseWith(),
      {
        "power-manager/orchestrator/status": policySays({
          code: "station_blind",
          severity: "warning",
          text: '"Attic" is silent',
        }),
      },
      /^good would be shut down: yes; agent online/,
    ],
    [
      "the broker alone still calls it online",
      houseWith(),
      {
        "power-manager/orchestrator/status": policySays({
          code: "agent_unanswered",
          severity: "warning",
          text: '"pc" does not answer',
          hosts: [{ host: "pc" }],
        }),
      },
      /^bad would be shut down: no, because it does not answer; .*run there: ecoflow-agent doctor/,
    ],
    [
      "the policy cannot store anything",
      houseWith(),
      {
        "power-manager/orchestrator/status": policySays({
          code: "snapshot_not_stored",
          severity: "error",
          text: "disk full",
        }),
      },
      /^bad would be shut down: no, because of the daemon \(see above\)/,
    ],
    [
      "the cloud is away",
      houseWith(),
      { "bridge-ecoflow/status": { link: "down", detail: "no internet", ts: at(1) } },
      /^bad would be shut down: no, because of the cloud \(see above\)/,
    ],
    [
      "it hangs on a played station alone",
      houseWith({ DEVICE_TO_AGENTS_JSON: '{"SimulatedDevice":["pc"]}' }),
      {},
      /^unsure would be shut down: no, because of the station SimulatedDevice \(see above\)/,
    ],
    [
      "it hangs on a played station too",
      houseWith({ DEVICE_TO_AGENTS_JSON: '{"SimulatedDevice":["pc"],"Study":["pc"]}' }),
      {},
      /^good would be shut down: yes/,
    ],
  ] as const
) {
  Deno.test(`examineHouse() judges a host: ${name}`, () => {
    const host = examineHouse(house, words(change), NOW, FREE).find(({ what }) => what === "host pc");
    assert.match(`${host?.verdict} ${host?.text}`, wanted);
  });
}

Deno.test("examineHouse() knows a played station, and does not look for it in the account", () => {
  const house = houseWith({ DEVICE_TO_AGENTS_JSON: '{"Study":["pc"],"SimulatedDevice":["tv"]}' });
  const found = examineHouse(house, words(), NOW, FREE).find(({ what }) =>
    what === "station SimulatedDevice"
  );
  assert.equal(
    `${found?.verdict} ${found?.text}`,
    "unsure is played by ecoflow-power feed, and is none otherwise",
  );
});

Deno.test("examineHouse() with the cloud off does not send anybody to EcoFlow's app for a station", () => {
  const house = { ...houseWith(), stations: [], agentsByStation: {} };
  const off = { ...house, cloud: { ...house.cloud, enabled: false } };
  const heard = words({ "bridge-ecoflow/devices": { stations: [] }, [STATE]: undefined });
  const text = findingsText(examineHouse(off, heard, NOW, FREE));
  assert.match(text, /stations: none is known: EcoFlow's cloud is off \(ECOFLOW_CLOUD=off\)/);
  assert.doesNotMatch(text, /app/);
});
