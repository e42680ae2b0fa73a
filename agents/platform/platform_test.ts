import assert from "node:assert/strict";
import { linuxPlatform } from "./linux.ts";
import { MACOS } from "./macos.ts";
import { FAREWELL, type HostPlatform } from "./platform.ts";
import { WINDOWS } from "./windows.ts";

const WALL = Date.UTC(2026, 10, 23, 19, 0, 0);
const LINUX = linuxPlatform(true);
const at = (delaySec: number) => [
  "busctl",
  "call",
  "org.freedesktop.login1",
  "/org/freedesktop/login1",
  "org.freedesktop.login1.Manager",
  "ScheduleShutdown",
  "st",
  "poweroff",
  `${WALL + delaySec * 1000}000`,
];
const linux = (minutes: number) => ["shutdown", "-h", `+${minutes}`, FAREWELL];
const schedules: readonly [HostPlatform, delaySec: number, argvs: readonly (readonly string[])[]][] = [
  [LINUX, 1, [at(1), linux(1)]],
  [LINUX, 59, [at(59), linux(1)]],
  [LINUX, 60, [linux(1)]],
  [LINUX, 61, [at(61), linux(2)]],
  [LINUX, 86_400, [linux(1440)]],
  [linuxPlatform(false), 60, []],
  [MACOS, 1, [["/sbin/shutdown", "-h", "+1"]]],
  [MACOS, 60, [["/sbin/shutdown", "-h", "+1"]]],
  [MACOS, 61, [["/sbin/shutdown", "-h", "+2"]]],
  [WINDOWS, 1, [["shutdown.exe", "/s", "/f", "/t", "1", "/c", FAREWELL]]],
  [WINDOWS, 86_400, [["shutdown.exe", "/s", "/f", "/t", "86400", "/c", FAREWELL]]],
];
for (const [platform, delaySec, argvs] of schedules) {
  const systemd = platform.hibernateNow ? "" : ", no systemd";
  Deno.test(`HostPlatform.schedule() on ${platform.name}${systemd} with ${delaySec} s`, () => {
    assert.deepEqual(platform.schedule(delaySec, WALL), argvs);
  });
}

const rest: readonly [string, HostPlatform, Pick<HostPlatform, "cancel" | "powerOffNow" | "hibernateNow">][] =
  [
    ["Linux", LINUX, {
      cancel: ["shutdown", "-c"],
      powerOffNow: [
        ["shutdown", "-h", "now", FAREWELL],
        ["systemctl", "start", "poweroff.target", "--job-mode=replace-irreversibly", "--no-block"],
        ["systemctl", "poweroff", "--force"],
      ],
      hibernateNow: [["systemctl", "hibernate"]],
    }],
    ["Linux without systemd", linuxPlatform(false), {
      cancel: ["shutdown", "-c"],
      powerOffNow: [["shutdown", "-h", "now"], ["poweroff"]],
      hibernateNow: undefined,
    }],
    ["macOS", MACOS, {
      cancel: ["/usr/bin/killall", "shutdown"],
      powerOffNow: [["/sbin/shutdown", "-h", "now"], ["/sbin/halt"]],
      hibernateNow: undefined,
    }],
    ["Windows", WINDOWS, {
      cancel: ["shutdown.exe", "/a"],
      powerOffNow: [["shutdown.exe", "/s", "/f", "/t", "0", "/c", FAREWELL], ["shutdown.exe", "/p", "/f"]],
      hibernateNow: [["shutdown.exe", "/h", "/f"]],
    }],
  ];
for (const [name, { cancel, powerOffNow, hibernateNow }, wanted] of rest) {
  Deno.test(`HostPlatform of ${name} cancels, powers off and hibernates by its own programs`, () => {
    assert.deepEqual({ cancel, powerOffNow, hibernateNow }, wanted);
  });
}
