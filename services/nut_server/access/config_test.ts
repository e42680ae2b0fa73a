import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { ConfigError } from "../../../lib/errors.ts";
import { parseNutConfig } from "./config.ts";
import { DEFAULT_LIMITS } from "./nut_house.ts";

const GOOD = `
allow = ["192.168.1.0/24", "127.0.0.1"]

[[user]]
name = "monuser"
password = "secret"
down_after_s = 180

[[user]]
name = "pve"
password = "long-and-own"
role = "primary"
host = "proxmox"

[[ups]]
name = "ups"
device = "Study"
description = "In the study"
host = "synology"
clients = ["192.168.1.20"]

[[ups]]
name = "ups"
device = "Study"

[[ups]]
name = "ups-stage1"
device = "Study"
stage = 1
rated_watts = 600

[limits]
idle_sec = 90
`;

function problemsOf(text: string): readonly string[] {
  let found: readonly string[] = [];
  throws(() => parseNutConfig(text, "nut.toml"), (error) => {
    ok(error instanceof ConfigError);
    found = error.problems;
    return true;
  });
  return found;
}

Deno.test("parseNutConfig() reads accounts, UPS entries, networks and limits", () => {
  const house = parseNutConfig(GOOD);
  deepEqual(house.allow, ["192.168.1.0/24", "127.0.0.1"]);
  deepEqual(house.users, [
    { name: "monuser", password: "secret", role: "secondary", downAfterSec: 180 },
    { name: "pve", password: "long-and-own", role: "primary", host: "proxmox" },
  ]);
  deepEqual(house.upses, [
    {
      name: "ups",
      device: "Study",
      description: "In the study",
      host: "synology",
      clients: ["192.168.1.20"],
    },
    { name: "ups", device: "Study" },
    { name: "ups-stage1", device: "Study", stage: 1, ratedWatts: 600 },
  ]);
  deepEqual(house.limits, { ...DEFAULT_LIMITS, idleSec: 90 });
});

Deno.test("parseNutConfig() tells every problem at once", () => {
  const problems = problemsOf(`
allow = ["192.168.1.0/99"]
allowed = true
`);
  equal(problems.length, 1, "an unknown key stops everything else");
  equal(
    problems[0],
    'nut.toml, line 3: must not have a key of 7 characters; did you mean "allow"? (known: allow, user, ups, limits)',
  );

  const many = problemsOf(`
allow = ["192.168.1.0/99", "10.0.0.0/8"]
[[user]]
name = "admin"
password = "123456"
role = "primary"
[[user]]
name = "a"
password = "x"
host = "events"
[[user]]
name = "a"
password = "y"
[[user]]
name = "b"
passwort = "typo"
[[ups]]
name = "two words"
device = "a/b"
host = "h"
stage = 1
[[ups]]
name = "ups"
device = "Study"
[[ups]]
name = "UPS"
device = "Study"
[[ups]]
name = "ups"
device = "Study"
clients = ["192.168.9.9", "nonsense"]
[[ups]]
name = "x"
device = "Study"
stage = 100
[limits]
idle_sec = 1
`).join("\n");
  for (
    const part of [
      'allow must be an address or a network such as 192.168.1.0/24, found "192.168.1.0/99"',
      'user "admin" must be secondary',
      'user "admin" must name its host',
      'user "a": host must not be the reserved name "events"',
      'user "a" is given twice',
      'user 4, line 14: "password" must be given',
      'user 4, line 16: must not have a key of 8 characters; did you mean "password"?',
      'ups "two words" must have a name',
      'ups "two words": device must not contain "/"',
      'ups "two words" must have host or stage, found both',
      'ups "UPS" is given twice without clients',
      'client "192.168.9.9" could never connect',
      'found "nonsense"',
      'ups 5, line 35: "stage" must be a whole number from 0 to 99, found 100',
      'limits, line 37: "idle_sec" must be a whole number from 35 to 3600, found 1',
    ]
  ) ok(many.includes(part), `${part}\n--- not in\n${many}`);
});

Deno.test("parseNutConfig() refuses names and passwords that clients cannot send, and no others", () => {
  const problems = (name: string, password: string) => {
    const user = `[[user]]\nname = ${JSON.stringify(name)}\npassword = ${JSON.stringify(password)}\n`;
    const text = `allow = ["10.0.0.1"]\n${user}[[ups]]\nname = "ups"\ndevice = "Study"\n`;
    try {
      return parseNutConfig(text, "nut.toml") && [];
    } catch (error) {
      ok(error instanceof ConfigError);
      return error.problems;
    }
  };
  for (let code = 0x20; code < 0x7f; code++) {
    const char = String.fromCharCode(code);
    const isRefused = ' ="#\\'.includes(char);
    const [asName, asPassword] = [problems(`a${char}b`, "secret"), problems("a", `hunter${char}2`)];
    equal(asName.length === 0, !isRefused, `name with ${char}`);
    equal(asPassword.length === 0, !isRefused, `password with ${char}`);
    if (!isRefused) continue;
    ok(
      /its name must not have a blank, .* for NUT clients cannot send it$/.test(asName.join()),
      asName.join(),
    );
    ok(/^nut\.toml: user "a": its password must not have a blank/.test(asPassword.join()), asPassword.join());
    ok(!asPassword.join().includes("hunter"));
  }
});

Deno.test("parseNutConfig() takes down_after_s from 0 to 900, and only where there is a host", () => {
  const text = (seconds: number, host = 'host = "nas"') =>
    `allow = ["10.0.0.1"]\n[[user]]\nname = "a"\npassword = "b"\ndown_after_s = ${seconds}\n` +
    `[[ups]]\nname = "ups"\ndevice = "Study"\n${host}\n`;
  for (const seconds of [0, 900]) equal(parseNutConfig(text(seconds)).users[0]?.downAfterSec, seconds);
  deepEqual(problemsOf(text(901)), [
    'nut.toml, user 1, line 5: "down_after_s" must be a whole number from 0 to 900, found 901',
  ]);
  deepEqual(problemsOf(text(60, "")), [
    'nut.toml: user "a": down_after_s is for a host, and neither the user nor a ups names one',
  ]);
});

Deno.test("parseNutConfig() wants an account for the client of a host, and none for readers alone", () => {
  const ups = 'allow = ["192.168.1.0/24"]\n[[ups]]\nname = "ups"\ndevice = "Study"\n';
  deepEqual(problemsOf(`${ups}host = "nas"\n`), [
    "nut.toml: there must be a [[user]] that the client of nas can log in with, else a shutdown would not reach it, found none",
  ]);
  equal(parseNutConfig(ups, "nut.toml").users.length, 0);
});

Deno.test("parseNutConfig() wants networks and a UPS", () => {
  deepEqual(problemsOf("allow = []"), [
    "nut.toml: allow must name the networks that may connect, found none",
    "nut.toml: there must be at least one [[ups]], found none",
  ]);
});

Deno.test("parseNutConfig() never shows a password", () => {
  const user = (password: string) => `allow = ["10.0.0.1"]\n[[user]]\nname = "a"\npassword = ${password}\n`;
  const texts = [
    user(`"${"hunter2".repeat(20)}"`),
    user(`[ "hunter2" ]`),
    user(`"hunter2é"`),
    user(`"hunter2`),
    user(`"hunter2" hunter2`),
    // A quote or a line that was forgotten makes a key of it, and lines that were mixed up put it elsewhere.
    user(`"x"\nhunter2 = 1`),
    user(`"x"\n"hunter2 hunter2" = "x"`),
    user(`"x"\nrole = "hunter2"`),
    user(`"x"\nhost = "hunter2/+"`),
    `${user(`"x"\nhost = "hunter2"`)}[[ups]]\nname = "ups"\ndevice = "Study"\nhost = "nas"\n`,
    user(`"x"\ndown_after_s = "hunter2"`),
    user(`"x"`).replace('"a"', '"hunter2 hunter2"'),
    user(`"x"`).replace('"a"', '"hunter2é"'),
    `[hunter2]\na = 1\n${user(`"x"`)}`,
    `${user(`"x"`)}[limits]\nhunter2 = 1\n`,
    `user = "hunter2"\nallow = ["10.0.0.1"]\n`,
    `user = ["hunter2"]\nallow = ["10.0.0.1"]\n`,
    `limits = "hunter2"\n${user(`"x"`)}`,
    `ups = ["hunter2"]\n${user(`"x"`)}`,
  ];
  for (const text of texts) ok(!problemsOf(text).join("\n").includes("hunter2"), problemsOf(text).join("\n"));
});

/** The TOML examples of a page of the documentation. */
function examplesOf(page: URL): string[] {
  return [...readFileSync(page, "utf8").matchAll(/```toml\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
}

Deno.test("parseNutConfig() is short whatever the length of a key", () => {
  const [first = ""] = problemsOf(`${"x".repeat(1_000_000)} = 1\n${GOOD}`);
  ok(first.length < 300, first.slice(0, 300));
});

Deno.test("parseNutConfig() reads every example of the documentation", () => {
  const docs = new URL("../../../docs/", import.meta.url);
  const pages = readdirSync(new URL("nut/", docs)).map((name) => new URL(`nut/${name}`, docs));
  equal(pages.length, 8);
  for (const page of [new URL("nut.md", docs), ...pages]) {
    const examples = examplesOf(page);
    ok(examples.length > 0, page.pathname);
    for (const example of examples) {
      const whole = example.includes("allow =") ? example : `allow = ["192.168.1.0/24"]\n${example}`;
      ok(parseNutConfig(whole, page.pathname).upses.length > 0);
    }
  }
});

Deno.test("parseNutConfig() refuses keys that every object answers to, in each section", () => {
  for (const key of ["constructor", "toString", "hasOwnProperty"]) {
    equal(problemsOf(`${key} = 1\n${GOOD}`).length, 1, key);
    equal(problemsOf(GOOD.replace('name = "pve"', `name = "pve"\n${key} = 1`)).length > 0, true, key);
    equal(problemsOf(GOOD.replace("stage = 1", `stage = 1\n${key} = 1`)).length > 0, true, key);
    equal(problemsOf(`${GOOD}${key} = 1\n`).length, 1, key);
  }
});
