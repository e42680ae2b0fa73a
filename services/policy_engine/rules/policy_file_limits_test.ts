/** Every key's range at its ends: what is still taken, and the first value that is refused. */
import assert from "node:assert/strict";
import { ConfigError } from "../../../lib/errors.ts";
import { parsePolicyFile } from "./policy_file.ts";
import { LIMITS } from "../testdata/limits.ts";

/** A text with the value in it. */
type Text = (value: string) => string;

const parse = (text: string) => parsePolicyFile(text, "policy.toml", LIMITS);
const key = (table: string, name: string): Text => (value) => `[${table}]\n${name} = ${value}\n`;
const stage: Text = (line) => `[[station.Study.stage]]\nhosts = ["tv", "pc", "nas", "pi"]\n${line}\n`;
const witness: Text = (lines) => `[[witness]]\n${lines}\n`;
const byTopic: Text = (lines) => witness(`name = "a"\ntopic = "x"\npresent_when_equals = "ON"\n${lines}`);
const byNut: Text = (nut) => witness(`name = "a"\nnut = { ${nut} }`);
const quoted = (length: number) => `"${"x".repeat(length)}"`;
/** A trigger without others beside it; a host that has none is refused for another reason. */
const trigger = (name: string): Text => key("host.pc", name);

const rows: readonly [name: string, text: Text, taken: readonly string[], refused: readonly string[]][] = [
  ["soc_min", trigger("soc_min"), ["0", "100"], ["-0.1", "100.1", "101", "nan"]],
  ["discharge_min", trigger("discharge_min"), ["0", "10_000"], ["-1", "10_000.5", "10_001", "inf"]],
  ["on_battery_min", trigger("on_battery_min"), ["0", "100_000"], ["-1", "100_001"]],
  ["falling_percent_per_min", trigger("falling_percent_per_min"), ["0.1", "100"], ["0", "0.09", "101"]],
  ["falling_settle_sec", trigger("falling_settle_sec"), ["0", "3600"], ["-1", "3601", "1.5"]],
  ["debounce_sec", trigger("debounce_sec"), ["0", "86_400"], ["-1", "86_401"]],
  ["a stage's time_limit_sec", (value) => stage(`time_limit_sec = ${value}`), ["10", "86_400"], [
    "9",
    "86_401",
  ]],
  ["total_wh", key("station.Study", "total_wh"), ["1", "1_000_000"], ["0", "0.9", "1_000_001"]],
  ["min_soc", key("station.Study", "min_soc"), ["0", "90"], ["-1", "91"]],
  ["blind_limit_min", (value) => `blind_limit_min = ${value}\n`, ["1", "10_000"], ["0.9", "10_001"]],
  ["grid_stable_min", key("recovery", "grid_stable_min"), ["0", "1440"], ["-1", "1441"]],
  ["recovery's soc_min", key("recovery", "soc_min"), ["0", "100"], ["-1", "101"]],
  ["the drill's day", key("drill", "monthly_day"), ["1", "28"], ["0", "29"]],
  ["the drill's hour", (value) => `[drill]\nmonthly_day = 1\nhour = ${value}\n`, ["0", "23"], ["-1", "24"]],
  ["a witness's name", (name) => byTopic("").replace('"a"', name), [quoted(1), quoted(64)], [
    quoted(0),
    quoted(65),
  ]],
  ["a witness's topic", (topic) => byTopic("").replace('"x"', topic), [quoted(1), quoted(256)], [
    quoted(0),
    quoted(257),
    '"plug/#"',
  ]],
  [
    "a witness's pointer",
    (pointer) => byTopic(`pointer = ${pointer}`),
    ['""', `"/${"x".repeat(255)}"`],
    [`"/${"x".repeat(256)}"`, '"state"'],
  ],
  ["stale_after_sec", (value) => byTopic(`stale_after_sec = ${value}`), ["10", "604_800"], ["9", "604_801"]],
  [
    "present_when_above",
    (value) => witness(`name = "a"\ntopic = "x"\npresent_when_above = ${value}`),
    ["-5", "0"],
    ["inf", "nan"],
  ],
  ["a NUT server's port", (port) => byNut(`host = "h", ups = "u", port = ${port}`), ["1", "65_535"], [
    "0",
    "65_536",
  ]],
  ["a NUT server's UPS", (ups) => byNut(`host = "h", ups = ${ups}`), [quoted(1), quoted(64)], [
    quoted(0),
    quoted(65),
    '"a b"',
  ]],
  [
    "a NUT server's host",
    (host) => byNut(`host = ${host}, ups = "u"`),
    // Labels of 63 letters at most: 253 characters are the longest name there is.
    [`"${`${"x".repeat(49)}.`.repeat(5)}abc"`],
    [`"${`${"x".repeat(49)}.`.repeat(5)}abcd"`, '"h:3493"', '"[::1]"'],
  ],
];
for (const [name, text, taken, refused] of rows) {
  for (const value of taken) {
    Deno.test(`parsePolicyFile() takes ${name} at the end of its range: ${value.slice(0, 20)}`, () => {
      parse(text(value));
    });
  }
  for (const value of refused) {
    Deno.test(`parsePolicyFile() refuses ${name} beyond its range: ${value.slice(0, 20)}`, () => {
      assert.throws(() => parse(text(value)), ConfigError);
    });
  }
}

Deno.test("parsePolicyFile() takes no stage without a host, and shows it", () => {
  assert.throws(() => parse("[[station.Study.stage]]\nhosts = []\n"), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(
      error.problems[0],
      "policy.toml line 2: station.Study.stage[1].hosts must name at least one host, found []",
    );
    return true;
  });
});

Deno.test("parsePolicyFile() gives what a file leaves out", () => {
  const file = parse(
    '[drill]\nmonthly_day = 3\n[[witness]]\nname = "a"\nnut = { host = "h", ups = "u" }\n',
  );
  assert.deepEqual(file, {
    drill: { monthly_day: 3, hour: 10 },
    station: {},
    host: {},
    witness: [{ name: "a", nut: { host: "h", port: 3493, ups: "u" }, stale_after_sec: 120 }],
  });
});
