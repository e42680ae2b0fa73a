/** What fits together in a policy file and what does not, one step apart, with every problem word for word. */
import assert from "node:assert/strict";
import { ConfigError } from "../../../lib/errors.ts";
import { LIMITS as TWO } from "../testdata/limits.ts";
import { parsePolicyFile } from "./policy_file.ts";

const LIMITS = { ...TWO, stations: { ...TWO.stations, Shed: [] } };
const MAC = 'mac = "01:23:45:67:89:ab"';
const parse = (text: string) => parsePolicyFile(text, "f", LIMITS);

/** Two stages of the study: all of the first go before the second. */
const stages = (first: string, second: string) =>
  `[[station.Study.stage]]\nhosts = ["tv", "pc"]\n${first}\n[[station.Study.stage]]\nhosts = ["nas", "pi"]\n${second}\n`;
const witness = (lines: string) => `[[witness]]\nname = "a"\n${lines}\n`;
const NUT = 'nut = { host = "h", ups = "u" }';

const good: readonly [name: string, text: string][] = [
  ["a later stage at the same charge", stages("soc_min = 30", "soc_min = 30")],
  ["a later stage after as many minutes on battery", stages("on_battery_min = 30", "on_battery_min = 30")],
  ["a later stage with less of everything left", stages("discharge_min = 9", "discharge_min = 8")],
  [
    "a first stage by charge alone, a second by minutes alone",
    stages("soc_min = 30", 'soc_min = "off"\non_battery_min = 9'),
  ],
  ["a station with nobody on it and no trigger", '[station.Shed]\nsoc_min = "off"\n'],
  ["a host on two stations that goes with the last of them", '[host.nas]\ngoes_with = "all"\n'],
  ["every outlet of a host", '[host.nas]\nport = { Study = "ac1", "Attic room" = "dc" }\n'],
  [
    "a grid that does not count beside a witness for all",
    `[station.Study]\ngrid = "off"\n${witness(`topic = "x"\npresent_when_above = 1`)}`,
  ],
  [
    "a grid that does not count beside a witness for the other station",
    `[station.Study]\ngrid = "off"\n${
      witness('topic = "x"\npresent_when_above = 1\nstations = ["Attic room"]')
    }`,
  ],
  [
    "a grid of its own beside a witness that names it",
    `[station.Study]\ngrid = "auto"\n${witness('topic = "x"\npresent_when_above = 1\nstations = ["Study"]')}`,
  ],
  ["a witness that knows only when the grid is there", witness('topic = "x"\npresent_when_equals = 0')],
  [
    "a witness that knows only when the grid is not there",
    witness('topic = "x"\nabsent_when_equals = false'),
  ],
  ["a witness with a NUT server", witness(NUT)],
  ["waking a percent above the limit", `[recovery]\nsoc_min = 11\n[host.mac]\n${MAC}\n`],
  [
    "waking at a limit that no host has who is woken",
    `[recovery]\nsoc_min = 10\n[host.mac]\nsoc_min = 9\n${MAC}\n`,
  ],
  ["waking at the limit of hosts that nobody wakes", "[recovery]\nsoc_min = 10\n"],
  [
    "waking below the margin of a floor that the station has not",
    `[recovery]\nsoc_min = 2\n[station."Attic room"]\nsoc_min = 1\n[host.mac]\n${MAC}\n`,
  ],
  [
    "waking at 1 % a host that does not go by charge",
    `[recovery]\nsoc_min = 1\n[host.mac]\nsoc_min = "off"\non_battery_min = 30\n${MAC}\n`,
  ],
  [
    "waking at 0 % a host that does not go by charge",
    `[recovery]\nsoc_min = 0\n[host.mac]\nsoc_min = "off"\non_battery_min = 30\n${MAC}\n`,
  ],
  [
    "waking a percent above the floor a host that does not go by charge",
    `[recovery]\nsoc_min = 21\n[station."Attic room"]\nmin_soc = 20\nsoc_min = "off"\non_battery_min = 30\n[host.mac]\n${MAC}\n`,
  ],
];
for (const [name, text] of good) {
  Deno.test(`parsePolicyFile() takes ${name}`, () => {
    parse(text);
  });
}

const bad: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    "text that is no TOML, with the reason in one line",
    "a = 1\nb = = 2\n",
    ["f line 2: must be TOML: invalid value"],
  ],
  [
    "a later stage that would go first, by each trigger",
    stages(
      "soc_min = 30\ndischarge_min = 8\non_battery_min = 30",
      "soc_min = 30.5\ndischarge_min = 9\non_battery_min = 29",
    ),
    [
      'f line 8: station.Study.stage[2].soc_min is an impossible order: "nas", "pi" of stage 2 would go at 30.5, before "tv", "pc" of stage 1 at 30',
      'f line 9: station.Study.stage[2].discharge_min is an impossible order: "nas", "pi" of stage 2 would go at 9, before "tv", "pc" of stage 1 at 8',
      'f line 10: station.Study.stage[2].on_battery_min is an impossible order: "nas", "pi" of stage 2 would go at 29, before "tv", "pc" of stage 1 at 30',
    ],
  ],
  [
    "the last host before the stage before it",
    '[station.Study]\nlast = "pi"\n[host.pi]\nsoc_min = 11\n',
    ['f line 1: station.Study.stage[2].soc_min is an impossible order: "pi" of stage 2 would go at 11, before "tv", "pc", "nas" of stage 1 at 10'],
  ],
  [
    "a third stage before the second",
    '[station.Study]\nlast = "pi"\n[[station.Study.stage]]\nhosts = ["tv", "pc"]\nsoc_min = 40\n' +
    '[[station.Study.stage]]\nhosts = ["nas"]\nsoc_min = 20\n[host.pi]\nsoc_min = 21\n',
    ['f line 1: station.Study.stage[3].soc_min is an impossible order: "pi" of stage 3 would go at 21, before "nas" of stage 2 at 20'],
  ],
  [
    "a station without any trigger",
    '[station.Study]\nsoc_min = "off"\n',
    ['f line 1: station.Study leaves "tv", "pc", "nas", "pi" without any trigger: nothing would ever shut it down'],
  ],
  [
    "the last host without any trigger",
    '[station.Study]\nlast = "pi"\n[host.pi]\nsoc_min = "off"\n',
    ['f line 3: host.pi leaves "pi" without any trigger: nothing would ever shut it down'],
  ],
  [
    "a last host of another station, and one that has a stage",
    '[station.Study]\nlast = "mac"\n[station."Attic room"]\nlast = "mac"\n[[station."Attic room".stage]]\nhosts = ["nas", "mac"]\n',
    [
      'f line 2: station.Study.last names "mac", which is no host of "Study" ("tv", "pc", "nas", "pi")',
      'f line 4: station.Attic room.last names "mac" a second time',
    ],
  ],
  [
    "a station that is none, and what it says of hosts is not looked at",
    '[station.Shop]\nlast = "mac"\n',
    ['f line 1: station.Shop must be a station of DEVICE_TO_AGENTS_JSON ("Study", "Attic room", "Shed")'],
  ],
  [
    "a station with nobody on it that names one",
    '[station.Shed]\nlast = "mac"\n',
    ['f line 2: station.Shed.last names "mac", which is no host of "Shed" (none)'],
  ],
  [
    "a witness of a grid that does not count",
    `[station.Study]\ngrid = "off"\n${
      witness('topic = "x"\npresent_when_above = 1\nstations = ["Attic room", "Study"]')
    }`,
    ['f line 7: witness[1].stations names "Study", whose grid is "off": nothing that it says would count'],
  ],
  [
    "a witness with a rule of both kinds",
    witness('topic = "x"\nabsent_when_equals = 0\npresent_when_above = 1'),
    ["f line 1: witness[1] must have present_when_equals and/or absent_when_equals, or else present_when_above, found both"],
  ],
  [
    "a witness without a rule",
    witness('topic = "x"\npointer = "/a"'),
    ["f line 1: witness[1] must have present_when_equals and/or absent_when_equals, or else present_when_above, found none"],
  ],
  ...['pointer = "/a"', "present_when_equals = 1", "absent_when_equals = 1", "present_when_above = 1"].map((
    line,
  ): [string, string, string[]] => [
    `a witness with a NUT server and ${line}`,
    witness(`${NUT}\n${line}`),
    ["f line 1: witness[1] must have no pointer and no rule beside nut: its status says OL or OB"],
  ]),
  [
    "waking at the limit of a host, and names those that would go",
    `[recovery]\nsoc_min = 10\n[host.mac]\n${MAC}\n`,
    ['f line 2: recovery.soc_min is an impossible order: "nas", "mac" would be woken at 10 % and shut down at 10 %'],
  ],
  [
    "waking at the floor a host that does not go by charge",
    `[recovery]\nsoc_min = 20\n[station."Attic room"]\nmin_soc = 20\nsoc_min = "off"\non_battery_min = 30\n[host.mac]\n${MAC}\n`,
    ['f line 2: recovery.soc_min is an impossible order: "nas", "mac" would be woken at 20 %, and the station switches off at 20 %'],
  ],
  [
    "waking at a floor of 1 % a host that does not go by charge",
    `[recovery]\nsoc_min = 1\n[station."Attic room"]\nmin_soc = 1\nsoc_min = "off"\non_battery_min = 30\n[host.mac]\n${MAC}\n`,
    ['f line 2: recovery.soc_min is an impossible order: "nas", "mac" would be woken at 1 %, and the station switches off at 1 %'],
  ],
  [
    "an outlet on a station that feeds another host, once",
    '[host.pc]\nport = { Study = "ac1", Shed = "ac2" }\n',
    ['f line 2: host.pc.port.Shed must be a station that feeds "pc" ("Study")'],
  ],
  [
    "a witness that was cut short, without what follows from it, beside another mistake",
    `[host.pc]\ngoes_with = "any"\n${witness("topic = 5\npresent_when_above = 1")}`,
    [
      "f line 2: host.pc.goes_with is for hosts on two stations or more, found 1",
      "f line 5: witness[1].topic must be string, found 5",
    ],
  ],
  [
    "a stage that was cut short, without what follows from it, beside mistakes elsewhere",
    '[[station.Study.stage]]\nhosts = ["tv", 5]\n[station."Attic room"]\n[[station."Attic room".stage]]\nhosts = ["nas"]\n',
    [
      "f line 2: station.Study.stage[1].hosts[2] must be string, found 5",
      'f line 3: station.Attic room must name every host of the station in a stage, found none for "mac"',
    ],
  ],
  [
    "a station without a header whose stages leave hosts out, at its first stage",
    'blind_limit_min = 9\n[station."Attic room"]\nsoc_min = 9\n[[station.Study.stage]]\nhosts = ["tv"]\n',
    ['f line 4: station.Study must name every host of the station in a stage, found none for "pc", "nas", "pi"'],
  ],
  [
    "an unknown station of dotted keys, and a host without any trigger of dotted keys",
    'blind_limit_min = 9\nstation.Shop.soc_min = 9\nhost.mac.soc_min = "off"\n',
    [
      'f line 2: station.Shop must be a station of DEVICE_TO_AGENTS_JSON ("Study", "Attic room", "Shed")',
      'f line 3: host.mac leaves "mac" without any trigger: nothing would ever shut it down',
    ],
  ],
  [
    "a station with a wrong value, and what is wrong with its stages as well",
    '[station.Study]\nsoc_min = 300\n[[station.Study.stage]]\nhosts = ["tv"]\n',
    [
      'f line 1: station.Study must name every host of the station in a stage, found none for "pc", "nas", "pi"',
      "f line 2: station.Study.soc_min must be 0 to 100, found 300",
    ],
  ],
  [
    "a stage that was cut short, and a witness without a rule",
    `[[station.Study.stage]]\nhosts = ["tv", 5]\n${witness('topic = "x"')}`,
    [
      "f line 2: station.Study.stage[1].hosts[2] must be string, found 5",
      "f line 3: witness[1] must have present_when_equals and/or absent_when_equals, or else present_when_above, found none",
    ],
  ],
  [
    "a witness that was cut short, and a station with a host in no stage",
    `[station."Attic room"]\n[[station."Attic room".stage]]\nhosts = ["nas"]\n${
      witness("topic = 5\npresent_when_above = 1")
    }`,
    [
      'f line 1: station.Attic room must name every host of the station in a stage, found none for "mac"',
      "f line 6: witness[1].topic must be string, found 5",
    ],
  ],
  [
    "a host with a wrong value, and a station and a witness beside it",
    `[host.pc]\nstage = 1\n[station.Study]\nlast = "mac"\n${witness('topic = "x"')}`,
    [
      "f line 2: host.pc.stage is not a key of a policy file",
      'f line 4: station.Study.last names "mac", which is no host of "Study" ("tv", "pc", "nas", "pi")',
      "f line 5: witness[1] must have present_when_equals and/or absent_when_equals, or else present_when_above, found none",
    ],
  ],
  [
    "a long value, of which it shows the beginning",
    `[host.pc]\nmac = "${"x".repeat(99)}"\n`,
    [`f line 2: host.pc.mac must be six hex pairs, found "${"x".repeat(59)}`],
  ],
  [
    "a word of a station that is none, and shows it",
    '[station.Study]\nlast = ""\n',
    ['f line 2: station.Study.last must not be empty, found ""'],
  ],
  [
    "a witness without a name, and still hears the one behind it",
    `[station.Study]\ngrid = "witness"\n[[witness]]\ntopic = "y"\npresent_when_above = 1\n${
      witness('topic = "x"\npresent_when_above = 1')
    }`,
    ["f line 3: witness[1].name must be given"],
  ],
  ...([
    [
      '[[witness]]\nname = 5\ntopic = "x"\npresent_when_above = 1\n',
      "witness[1].name must be string, found 5",
    ],
    [
      '[[witness]]\nname = ""\ntopic = "x"\npresent_when_above = 1\n',
      'witness[1].name must not be empty, found ""',
    ],
    [
      '[[witness]]\nnut = { host = 5, ups = "u" }\nname = "a"\n',
      "witness[1].nut.host must be string, found 5",
    ],
    ["[drill]\nmonthly_day = 0\n", "drill.monthly_day must be a whole number from 1 to 28, found 0"],
    ['[[station.Study.stage]]\nhosts = "tv"\n', 'station.Study.stage[1].hosts must be Array, found "tv"'],
    ["[[station.Study.stage]]\nhosts = [5]\n", "station.Study.stage[1].hosts[1] must be string, found 5"],
    [
      "[[station.Study.stage]]\nhosts = []\n",
      "station.Study.stage[1].hosts must name at least one host, found []",
    ],
  ] as const).map(([text, problem]): [string, string, string[]] => [
    `a needed key of a wrong form, once: ${problem}`,
    text,
    [`f line 2: ${problem}`],
  ]),
  [
    "witnesses that lack a key before others with mistakes, each in its own line",
    '[[witness]]\ntopic = "x"\nfoo = 1\nbar = 2\n[[witness]]\nname = 5\nfoo = 1\nbar = 2\n' +
    '[[witness]]\nname = "c"\nfoo = 1\nbar = 2\n',
    [
      "f line 1: witness[1].name must be given",
      "f line 3: witness[1].foo is not a key of a policy file",
      "f line 4: witness[1].bar is not a key of a policy file",
      "f line 6: witness[2].name must be string, found 5",
      "f line 7: witness[2].foo is not a key of a policy file",
      "f line 8: witness[2].bar is not a key of a policy file",
      "f line 11: witness[3].foo is not a key of a policy file",
      "f line 12: witness[3].bar is not a key of a policy file",
    ],
  ],
];
for (const [name, text, problems] of bad) {
  Deno.test(`parsePolicyFile() refuses ${name}: word for word`, () => {
    assert.throws(() => parse(text), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(error.problems, problems);
      return true;
    });
  });
}
