import assert from "node:assert/strict";
import { lastStep, ownCommandArgv, parseCommandsFile } from "./host_commands.ts";
import { linuxPlatform } from "../platform/linux.ts";
import { MACOS } from "../platform/macos.ts";
import type { HostPlatform } from "../platform/platform.ts";
import { WINDOWS } from "../platform/windows.ts";

const LINUX = linuxPlatform(true);
const lines: readonly [HostPlatform, string, readonly string[]][] = [
  [LINUX, "systemctl stop postgresql", ["systemctl", "stop", "postgresql"]],
  [LINUX, `logger "going down now" 'a b'`, ["logger", "going down now", "a b"]],
  [LINUX, "docker stop $(docker ps -q)", ["sh", "-c", "docker stop $(docker ps -q)"]],
  [LINUX, "power-off --in {delay_sec}", ["power-off", "--in", "{delay_sec}"]],
  [MACOS, "a; b", ["/bin/sh", "-c", "a; b"]],
  [WINDOWS, "net stop vmms & echo x", ["cmd.exe", "/d", "/s", "/c", "net stop vmms & echo x"]],
  [WINDOWS, "powershell: Get-Vm | Stop-Vm", powershell("Get-Vm | Stop-Vm")],
  [WINDOWS, "Stop-Service -Name 'vmms' -Force", powershell("Stop-Service -Name 'vmms' -Force")],
  [WINDOWS, "docker stop $(docker ps -q)", powershell("docker stop $(docker ps -q)")],
  [WINDOWS, "shutdown.exe /s /t 60 /c 'a b'", ["shutdown.exe", "/s", "/t", "60", "/c", "a b"]],
  [LINUX, "Stop-Service x", ["Stop-Service", "x"]],
];
function powershell(line: string): readonly string[] {
  const words = ["powershell.exe", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-Command"];
  return [...words, `$ErrorActionPreference = 'Stop'; ${line}`];
}
for (const [platform, line, argv] of lines) {
  Deno.test(`ownCommandArgv() reads ${line} on ${platform.name}`, () => {
    assert.deepEqual(ownCommandArgv(platform, line), argv);
  });
}

Deno.test("lastStep() of the system lets the system count, and can be undone", () => {
  const last = lastStep(LINUX, { mode: "poweroff" });
  assert.deepEqual(last.schedule(60, 0), LINUX.schedule(60, 0));
  assert.deepEqual(last.cancel, ["shutdown", "-c"]);
  assert.deepEqual(last.now, LINUX.powerOffNow);
});

Deno.test("lastStep() hibernates where it can, and powers off where that fails", () => {
  for (const platform of [LINUX, WINDOWS]) {
    const last = lastStep(platform, { mode: "hibernate" });
    assert.deepEqual(last.schedule(60, 0), []);
    assert.deepEqual(last.now, [...platform.hibernateNow ?? [], ...platform.powerOffNow]);
    assert.equal(last.returns, true);
  }
  assert.throws(() => lastStep(MACOS, { mode: "hibernate" }), /SHUTDOWN_MODE must be "poweroff" here/);
});

Deno.test("lastStep() hands the delay to a command of the owner that asks for it, else counts before it", () => {
  const asks = lastStep(LINUX, {
    mode: "poweroff",
    ownShutdown: ["off", "--in={delay_sec}"],
    ownAbort: ["on"],
  });
  assert.deepEqual(asks.schedule(90, 0), [["off", "--in=90"]]);
  assert.deepEqual(asks.now, [["off", "--in=0"]]);
  assert.deepEqual(asks.cancel, ["on"]);
  const plain = lastStep(LINUX, { mode: "poweroff", ownShutdown: ["off"] });
  assert.deepEqual(plain.schedule(90, 0), []);
  assert.deepEqual(plain.now, [["off"]]);
  assert.deepEqual([asks.instead, plain.instead], [LINUX.powerOffNow, LINUX.powerOffNow]);
  assert.equal(plain.cancel, undefined);
});

const DEFAULTS = { limitMs: 30_000, onFailure: "continue" } as const;
Deno.test("parseCommandsFile() reads any number of preparations, in order", () => {
  const many = Array.from({ length: 12 }, (_, i) => `[[pre_shutdown]]\nrun = ["step", "${i}"]\n`).join("");
  const { before } = parseCommandsFile(many, "agent.toml", DEFAULTS);
  assert.equal(before.length, 12);
  assert.deepEqual(before[11], { name: "step 11", argv: ["step", "11"], ...DEFAULTS });
});

Deno.test("parseCommandsFile() reads limits, choices and the last step", () => {
  const text = `
    [[pre_shutdown]]
    name = "database"
    run = ["systemctl", "stop", "postgresql"]
    limit_s = 90
    on_failure = "stop"
    [shutdown]
    mode = "hibernate"
    run = ["my-off"]
    abort = ["my-on"]
  `;
  assert.deepEqual(parseCommandsFile(text, "agent.toml", DEFAULTS), {
    before: [{
      name: "database",
      argv: ["systemctl", "stop", "postgresql"],
      limitMs: 90_000,
      onFailure: "stop",
    }],
    mode: "hibernate",
    ownShutdown: ["my-off"],
    ownAbort: ["my-on"],
  });
});

const bad: readonly [text: string, wanted: RegExp][] = [
  ["[[pre_shutdown]\n", /agent\.toml: must be TOML/],
  ["[[pre_shutdown]]\nrun = []\n", /"pre_shutdown\.0\.run" must name a program/],
  ['[[pre_shutdown]]\nrun = "sync"\n', /"pre_shutdown\.0\.run" must be Array/],
  [
    '[[pre_shutdown]]\nrun = ["x"]\nlimit_s = 0\n',
    /"pre_shutdown\.0\.limit_s" must be a whole number from 1 to 3600/,
  ],
  ['[[pre_shutdown]]\nrun = ["x"]\non_failure = "ignore"\n', /on_failure" must be .*"continue".*"stop"/],
  ['[shutdown]\nrnu = ["x"]\n', /rnu/],
  ['colour = "red"\n', /colour/],
];
for (const [text, wanted] of bad) {
  Deno.test(`parseCommandsFile() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseCommandsFile(text, "agent.toml", DEFAULTS), wanted);
  });
}
