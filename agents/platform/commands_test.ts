import assert from "node:assert/strict";
import { abortArgv, ownCommandArgv, shutdownArgv } from "./commands.ts";

const TEXT = "ecoflow-agent: the battery is running out";
const rows = [
  ["linux", 0, ["shutdown", "-h", "now", TEXT]],
  ["linux", 1, ["shutdown", "-h", "+1", TEXT]],
  ["linux", 60, ["shutdown", "-h", "+1", TEXT]],
  ["linux", 61, ["shutdown", "-h", "+2", TEXT]],
  ["darwin", 0, ["/sbin/shutdown", "-h", "now"]],
  ["darwin", 60, ["/sbin/shutdown", "-h", "+1"]],
  ["windows", 0, ["shutdown.exe", "/s", "/f", "/t", "0", "/c", TEXT]],
  ["windows", 60, ["shutdown.exe", "/s", "/f", "/t", "60", "/c", TEXT]],
] as const;
for (const [platform, delaySec, argv] of rows) {
  Deno.test(`shutdownArgv() on ${platform} with ${delaySec} s`, () => {
    assert.deepEqual(shutdownArgv(platform, delaySec), argv);
  });
}

Deno.test("abortArgv() is each platform's own", () => {
  assert.deepEqual(abortArgv("linux"), ["shutdown", "-c"]);
  assert.deepEqual(abortArgv("darwin"), ["/usr/bin/killall", "shutdown"]);
  assert.deepEqual(abortArgv("windows"), ["shutdown.exe", "/a"]);
});

const lines = [
  ["linux", "systemctl stop postgresql", ["systemctl", "stop", "postgresql"]],
  ["linux", `logger "going down now" 'a b'`, ["logger", "going down now", "a b"]],
  ["linux", "docker stop $(docker ps -q)", ["sh", "-c", "docker stop $(docker ps -q)"]],
  ["windows", "net stop vmms & echo x", ["cmd.exe", "/d", "/s", "/c", "net stop vmms & echo x"]],
] as const;
for (const [platform, line, argv] of lines) {
  Deno.test(`ownCommandArgv() splits ${line}`, () => assert.deepEqual(ownCommandArgv(platform, line), argv));
}
