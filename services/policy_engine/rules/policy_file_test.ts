import assert from "node:assert/strict";
import { ConfigError } from "../../../lib/errors.ts";
import { parsePolicyFile } from "./policy_file.ts";
import { houseRules } from "./rules_from_file.ts";
import { LIMITS } from "../testdata/limits.ts";

const parse = (text: string) => parsePolicyFile(text, "policy.toml", LIMITS);

const FULL = `
blind_limit_min = 90
[recovery]
grid_stable_min = 10
soc_min = 45

[station.Study]
soc_min = 12
on_battery_min = 60
last = "pi"

[[station.Study.stage]]
hosts = ["tv", "pc"]
soc_min = 40
time_limit_sec = 120

[[station.Study.stage]]
hosts = ["nas"]
on_battery_min = "off"

[host.tv]
falling_percent_per_min = 3
debounce_sec = 30

[host.nas]
mac = "01:23:45:67:89:ab"
goes_with = "any"

[[witness]]
name = "plug"
topic = "zigbee2mqtt/plug"
pointer = "/state"
present_when_equals = "ON"
`;

Deno.test("houseRules() takes each key from the nearest level that has it", () => {
  const rules = houseRules(LIMITS, parse(FULL), 5);
  const groups = rules.stations.Study?.stages.map((stage) => stage.groups) ?? [];
  assert.deepEqual(groups.map((stage) => stage.map(({ hosts }) => hosts)), [[["pc"], ["tv"]], [["nas"]], [[
    "pi",
  ]]]);
  const triggers = groups.flat().map((group) => ({ ...group.triggers, debounceMs: group.debounceMs }));
  const none = { remainingMin: undefined, fall: undefined };
  assert.deepEqual(triggers, [
    { ...none, socMinPercent: 40, onBatteryMin: 60, debounceMs: 180_000 },
    {
      ...none,
      socMinPercent: 40,
      onBatteryMin: 60,
      debounceMs: 30_000,
      fall: { percentPerMin: 3, settleMs: 120_000 },
    },
    { ...none, socMinPercent: 12, onBatteryMin: undefined, debounceMs: 180_000 },
    { ...none, socMinPercent: 12, onBatteryMin: 60, debounceMs: 180_000 },
  ]);
  assert.deepEqual(rules.stations.Study?.stages.map(({ timeLimitMs }) => timeLimitMs), [
    120_000,
    300_000,
    300_000,
  ]);
  assert.equal(rules.blindLimitMs, 90 * 60_000);
  assert.deepEqual(rules.wake, {
    gridStableMs: 600_000,
    socPercent: 45,
    macs: { nas: "01:23:45:67:89:ab" },
    addresses: {},
  });
  assert.deepEqual([...rules.goesWithAny], ["nas"]);
  assert.equal(rules.notBeforeMonoMs, 5);
});

Deno.test("houseRules() without a file, and with an empty one, are the configuration's own", () => {
  assert.deepEqual(houseRules(LIMITS, parse(""), 0), houseRules(LIMITS, undefined, 0));
  const { stages = [], hasReserve } = houseRules(LIMITS, undefined, 0).stations["Attic room"] ?? {};
  assert.equal(hasReserve, true);
  assert.deepEqual(stages, [{
    number: 1,
    timeLimitMs: 300_000,
    groups: [{ key: "all", hosts: ["nas", "mac"], triggers: { socMinPercent: 10 }, debounceMs: 180_000 }],
  }]);
});

Deno.test("houseRules() takes what the owner says of grid, energy, floor and outlets", () => {
  const text = '[station.Study]\ngrid = "witness"\ntotal_wh = 5000\nmin_soc = 20\n[host.pc]\nport = "ac2"\n' +
    '[host.nas]\nport = { Study = "ac1" }\n[[witness]]\nname = "a"\ntopic = "x"\npresent_when_above = 2\n' +
    "[recovery]\nsoc_min = 24\n";
  const { stations } = houseRules(LIMITS, parse(text), 0);
  const { grid, totalWh, minSocPercent, stages } = stations.Study ?? { stages: [] };
  assert.deepEqual([grid, totalWh, minSocPercent], ["witness", 5000, 20]);
  const ports = (of: typeof stages) =>
    of.flatMap(({ groups }) => groups.map(({ hosts, port }) => `${hosts.join("+")} ${port}`));
  assert.deepEqual(ports(stages), ["tv+pi undefined", "pc ac2", "nas ac1"]);
  const attic = stations["Attic room"];
  assert.deepEqual(ports(attic?.stages ?? []), ["nas+mac undefined"], "nas was named on Study alone");
  assert.equal(attic?.grid, undefined);
});

const bad: readonly [name: string, text: string, problems: readonly string[]][] = [
  ["no TOML", "a = 1\nb = = 2\n", ["line 2: must be TOML: "]],
  ["an unknown key", "blind = 1\n", ["line 1: blind is not a key of a policy file"]],
  ["an unknown key deep inside", "[station.Study]\n\nsoc_mni = 3\n", [
    "line 3: station.Study.soc_mni is not a key",
  ]],
  ["a value out of range", "[station.Study]\nsoc_min = 101\n", [
    "line 2: station.Study.soc_min must be 0 to 100, found 101",
  ]],
  ["a word that is no limit", '[host.pc]\nsoc_min = "of"\n', [
    "line 2: host.pc.soc_min must be",
    'found "of"',
  ]],
  ["an unknown station", "[station.Stduy]\nsoc_min = 3\n", [
    "line 1: station.Stduy must be a station",
    '"Study", "Attic room"',
  ]],
  ["an unknown host", "[host.cp]\nsoc_min = 3\n", [
    'line 1: host.cp must be a host of DEVICE_TO_AGENTS_JSON ("tv", "pc", "nas", "pi", "mac")',
  ]],
  [
    "a host of another station, one twice, and one in no stage",
    '[[station.Study.stage]]\nhosts = ["tv", "mac"]\n\n[[station.Study.stage]]\nhosts = ["tv", "nas"]\n',
    [
      'line 1: station.Study must name every host of the station in a stage, found none for "pc", "pi"',
      'line 2: station.Study.stage[1].hosts names "mac", which is no host of "Study"',
      'line 5: station.Study.stage[2].hosts names "tv" a second time',
    ],
  ],
  [
    "impossible orders",
    '[station.Study]\nlast = "pi"\n[[station.Study.stage]]\nhosts = ["tv", "pc"]\nsoc_min = 20\non_battery_min = 30\n' +
    '[[station.Study.stage]]\nhosts = ["nas"]\nsoc_min = 30\non_battery_min = 20\ndischarge_min = 5\n',
    [
      'line 9: station.Study.stage[2].soc_min is an impossible order: "nas" of stage 2 would go at 30, before "tv", "pc" of stage 1 at 20',
      "line 10: station.Study.stage[2].on_battery_min is an impossible order",
    ],
  ],
  [
    "a host without any trigger",
    '[host.mac]\nsoc_min = "off"\n',
    ['line 1: host.mac leaves "mac" without any trigger'],
  ],
  ["a choice of feeds for a host with one", '[host.pc]\ngoes_with = "any"\n', [
    "line 2: host.pc.goes_with is for hosts on two stations or more, found 1",
  ]],
  ["a hardware address that is none", '[host.pc]\nmac = "01:23"\n', [
    "line 2: host.pc.mac must be six hex pairs",
  ]],
  [
    "witnesses without a rule, with two rules, of one name, for an unknown station, with a wildcard",
    '[[witness]]\nname = "a"\ntopic = "x"\n[[witness]]\nname = "a"\ntopic = "y"\npresent_when_equals = 1\npresent_when_above = 2\nstations = ["Z"]\n',
    [
      "line 1: witness[1] must have present_when_equals and/or",
      "line 4: witness[2] must have present_when_equals",
      'line 5: witness[2].name "a" is used twice',
      'line 9: witness[2].stations names "Z"',
    ],
  ],
  ["a wildcard", '[[witness]]\nname = "a"\ntopic = "x/+"\npresent_when_above = 2\n', [
    "line 3: witness[1].topic must be an MQTT topic without wildcards",
  ]],
  [
    "witnesses with two sources, with none, and a NUT server with a rule",
    '[[witness]]\nname = "a"\ntopic = "x"\nnut = { host = "h", ups = "u" }\n[[witness]]\nname = "b"\n' +
    '[[witness]]\nname = "c"\nnut = { host = "h", ups = "u" }\npresent_when_above = 1\n',
    [
      "line 1: witness[1] must have either topic or nut, found both",
      "line 5: witness[2] must have either topic or nut, found neither",
      "line 7: witness[3] must have no pointer and no rule beside nut",
    ],
  ],
  [
    "waking below the charge of shutting down",
    '[recovery]\nsoc_min = 20\n[station."Attic room"]\nsoc_min = 20\n[host.mac]\nmac = "01:23:45:67:89:ab"\n',
    ["line 2: recovery.soc_min is an impossible order"],
  ],
  ["a grid of witnesses without a witness", '[station.Study]\nreserve = true\ngrid = "witness"\n', [
    'line 3: station.Study.grid is "witness", but no [[witness]] speaks for "Study"',
  ]],
  [
    "a grid of witnesses that speak for another station, and witnesses of a grid that does not count",
    '[station.Study]\ngrid = "witness"\n[station."Attic room"]\ngrid = "off"\n[[witness]]\nname = "a"\ntopic = "x"\n' +
    'present_when_above = 2\nstations = ["Attic room"]\n',
    [
      "line 2: station.Study.grid is",
      'line 9: witness[1].stations names "Attic room", whose grid is "off"',
    ],
  ],
  [
    "wrong words on grid, energy, floor and outlets, and a station that does not feed the host",
    '[station.Study]\ngrid = "maybe"\ntotal_wh = 0\nmin_soc = 91\n[host.pc]\nport = "ac3"\n[host.nas]\nport = { Study = "ac9" }\n' +
    '[host.tv]\nport = { "Attic room" = "ac1" }\n',
    [
      "line 2: station.Study.grid must be",
      "line 3: station.Study.total_wh must be 1 to 1000000, found 0",
      "line 4: station.Study.min_soc must be 0 to 90, found 91",
      "line 6: host.pc.port must be",
      "line 8: host.nas.port",
      'line 10: host.tv.port.Attic room must be a station that feeds "tv" ("Study")',
    ],
  ],
  [
    "waking below the charge at which the owner says that the station switches off",
    '[recovery]\nsoc_min = 23\n[station."Attic room"]\nmin_soc = 20\n[host.mac]\nmac = "01:23:45:67:89:ab"\n',
    ['line 2: recovery.soc_min is an impossible order: "nas", "mac" would be woken at 23 % and shut down at 23 %'],
  ],
  [
    "wrong forms and wrong names together",
    '[station.Stduy]\nsoc_min = 300\nfoo = 1\n[host.cp]\nmac = 5\n[[witness]]\ntopic = "x"\n[[witness]]\ntopic = 5\n',
    [
      "line 1: station.Stduy must be a station",
      "line 2: station.Stduy.soc_min must be 0 to 100",
      "line 3: station.Stduy.foo is not a key",
      "line 4: host.cp must be a host",
      "line 5: host.cp.mac must be string",
      "line 6: witness[1].name must be",
      "line 8: witness[2].name must be",
      "line 9: witness[2].topic must be",
    ],
  ],
  [
    "five mistakes at once",
    '[station.Study]\nsoc_min = -1\nfoo = 1\ndebounce_sec = 1.5\nreserve = "yes"\non_battery_min = true\n',
    [
      "line 2: ",
      "line 3: ",
      "line 4: ",
      "line 5: ",
      "line 6: ",
    ],
  ],
];
for (const [name, text, wanted] of bad) {
  Deno.test(`parsePolicyFile() refuses ${name}`, () => {
    assert.throws(() => parse(text), (error) => {
      assert.ok(error instanceof ConfigError);
      const all = error.problems.join("\n");
      for (const part of wanted) assert.ok(all.includes(part), `${part}\n--- is not in ---\n${all}`);
      assert.ok(error.problems.every((problem) => problem.startsWith("policy.toml line ")), all);
      return true;
    });
  });
}

Deno.test("parsePolicyFile() gives a value that survives the way into a worker", () => {
  assert.deepEqual(structuredClone(parse(FULL)), parse(FULL));
});

Deno.test("parsePolicyFile() reads the example of docs/policy.md", () => {
  const page = Deno.readTextFileSync(new URL("../../../docs/policy.md", import.meta.url));
  const example = /```toml\n([^]*?)```/.exec(page)?.[1] ?? "";
  const stations = { Study: ["tv", "gaming-pc", "nas", "pi"], Attic: ["nas"] };
  const file = parsePolicyFile(example, "docs/policy.md", { ...LIMITS, stations });
  const { stages = [] } = houseRules({ ...LIMITS, stations }, file, 0).stations.Study ?? {};
  assert.deepEqual(stages.map(({ groups }) => groups.flatMap(({ hosts }) => hosts)), [
    ["tv", "gaming-pc"],
    ["nas"],
    ["pi"],
  ]);
});

Deno.test("parsePolicyFile() reads where magic packets go, and refuses what is no IPv4 address", () => {
  const text = '[host.nas]\nmac = "01:23:45:67:89:ab"\nwake_address = "192.168.7.255"\n';
  assert.equal(parse(text).host.nas?.wake_address, "192.168.7.255");
  assert.throws(() => parse(text.replace("192.168.7.255", "nas.lan")), /must be an IPv4 address/);
});

for (const key of ["constructor", "toString", "__proto__"]) {
  for (const table of ["station.Study", "host.nas", "recovery"]) {
    Deno.test(`parsePolicyFile() refuses the unknown key ${key} of [${table}]`, () => {
      assert.throws(() => parse(`[${table}]\n${key} = 1\n`), ConfigError);
    });
  }
}

Deno.test("parsePolicyFile() shows a wrong value, but none that stands beside a user's name", () => {
  const problem = (text: string) => {
    try {
      parsePolicyFile(text, "policy.toml", LIMITS);
    } catch (error) {
      return String(error);
    }
    assert.fail("must be refused");
  };
  assert.match(problem("[station.Study]\nsoc_min = 101\n"), /found 101/);
  assert.match(problem('[host.pc]\nmac = "01:23"\n'), /found "01:23"/);
  assert.doesNotMatch(problem('[station.Study]\nnut = { ups = ["hunter2"] }\n'), /hunter2/);
});

Deno.test("parsePolicyFile() finds no order wrong between stages of which only one has a trigger", () => {
  const stages =
    '[station.Study]\nlast = "pi"\n[[station.Study.stage]]\nhosts = ["tv", "pc"]\nsoc_min = 40\n' +
    '[[station.Study.stage]]\nhosts = ["nas"]\nsoc_min = 20\non_battery_min = 20\n';
  parsePolicyFile(stages, "policy.toml", LIMITS);
});

Deno.test("parsePolicyFile() lets a later stage go at as many minutes as the one before", () => {
  const stages = (minutes: number) =>
    '[[station.Study.stage]]\nhosts = ["tv", "pc"]\ndischarge_min = 20\n' +
    `[[station.Study.stage]]\nhosts = ["nas", "pi"]\ndischarge_min = ${minutes}\n`;
  parsePolicyFile(stages(20), "policy.toml", LIMITS);
  assert.throws(() => parsePolicyFile(stages(21), "policy.toml", LIMITS), /impossible order/);
});
