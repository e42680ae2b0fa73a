import assert from "node:assert/strict";
import { examineIdentity, examineListener } from "./examine_identity.ts";

const OURS = { stateDir: "/var/lib/a", hostName: "pi" };
const ready = (state: "ready" | "restarting") => ({ dashboard: { state, restarts: 0, problems: [] } });
const said = { online: true, state_dir: "/var/lib/a", host_name: "pi", pid: 7, services: ready("ready") };

const identities = [
  ["our own", said, /^good process 7 on pi/],
  [
    "of another state directory",
    { ...said, state_dir: "/tmp/b" },
    /^bad .*another one .*\/tmp\/b.*\/var\/lib\/a/,
  ],
  ["on another machine", { ...said, host_name: "nas" }, /^unsure .*run doctor there/],
  ["of an older version", { online: true }, /^unsure .*older version/],
  ["gone", { online: false }, /^undefined/],
] as const;
for (const [name, status, wanted] of identities) {
  Deno.test(`examineIdentity() knows a daemon ${name}`, () => {
    const found = examineIdentity(OURS, status);
    assert.match(`${found?.verdict} ${found?.text}`, wanted);
  });
}

const listeners = [
  ["our own by the kernel's word", { owner: { pid: 7, name: "deno" } }, said, /^good listens at .*process 7/],
  ["our own by the daemon's word", {}, said, /^good listens at/],
  [
    "of another process",
    { owner: { pid: 8, name: "nginx" } },
    said,
    /^bad another program .*nginx, process 8/,
  ],
  [
    "while ours waits for it",
    {},
    { ...said, services: ready("restarting") },
    /^bad another program .* sudo ss/,
  ],
  ["while the daemon is gone", {}, undefined, /^bad another program .*does not run/],
  [
    "of a daemon that says nothing at the broker",
    { owner: { pid: 7, name: "deno" } },
    undefined,
    /^good listens at/,
    { kind: "taken", pid: 7 },
  ],
  [
    "of which the kernel does not tell, beside a daemon that says nothing",
    {},
    undefined,
    /^unsure somebody listens/,
    { kind: "taken", pid: 7 },
  ],
  ["that nobody has", { error: "refused" }, said, /^bad does not listen/],
] as const;
for (const [name, seen, status, wanted, holder = { kind: "free" } as const] of listeners) {
  Deno.test(`examineListener() knows a port ${name}`, () => {
    const found = examineListener(
      { what: "dashboard", service: "dashboard", address: "127.0.0.1:8080", ...seen },
      status,
      holder,
    );
    assert.match(`${found.verdict} ${found.text}`, wanted);
  });
}

Deno.test("examineListener() knows that the daemon's own broker is somebody else's", () => {
  const found = examineListener(
    { what: "broker", service: "broker_link", address: "127.0.0.1:1883" },
    undefined,
    { kind: "taken", pid: 7 },
  );
  assert.match(
    `${found.verdict} ${found.text}`,
    /^bad .*another program has 127\.0\.0\.1:1883 .*MQTT_EMBEDDED_PORT .*MQTT_HOST/,
  );
});
