import assert from "node:assert/strict";
import type { StateHolder } from "../../lib/state_lock.ts";
import { livingDaemon } from "./living_daemon.ts";

const HERE = { stateDir: "/var/lib/a", hostName: "pi" };
const KEPT = { online: true, state_dir: "/var/lib/a", host_name: "pi", pid: 7 };
const taken = (pid?: number): StateHolder => ({ kind: "taken", pid });

const rows = [
  ["nobody holds its state: a cut of power took it", KEPT, { kind: "free" }, false],
  ["another process holds its state", KEPT, taken(8), false],
  ["its own process holds it", KEPT, taken(7), true],
  ["a process without a number holds it", KEPT, taken(), true],
  ["the lock may not be looked at", KEPT, { kind: "unknown", reason: "no permission" }, true],
  ["it runs on another machine", { ...KEPT, host_name: "nas" }, { kind: "free" }, true],
  ["it has another state", { ...KEPT, state_dir: "/tmp/b" }, { kind: "free" }, true],
  ["it said that it is gone", { ...KEPT, online: false }, taken(7), false],
] as const;
for (const [name, status, holder, isOnline] of rows) {
  Deno.test(`livingDaemon() ${isOnline ? "believes" : "does not believe"} what the broker keeps of a daemon when ${name}`, () => {
    assert.equal(livingDaemon(status, HERE, holder)?.online, isOnline);
  });
}
