import assert from "node:assert/strict";
import type { PolicyStatus } from "../../lib/messages/policy_status.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
import { UpsRegistry } from "./ups_registry.ts";

const UPSES = [{ name: "ups1", device: "Study", host: "nas" }, { name: "ups2", device: "Attic", host: "pc" }];
const CONFIG = {
  users: [{ name: "nas", password: "secret", role: "secondary" as const }],
  upses: UPSES,
  staleAfterMs: 125_000,
  policySilentMs: 120_000,
  lowBatteryPercent: 3,
  hasCertificate: false,
  fsdHoldMs: 60_000,
  loginGraceMs: 90_000,
};
const state = (device: string): PowerState => ({ device, soc: 50, grid_connected: true, link: "live" });
const status = (device: string): PolicyStatus => ({
  device,
  state: "shutting_down",
  sentence: "low",
  blind: false,
  hosts: [{ agent: device === "Study" ? "nas" : "pc", state: "told" }],
  ts: "2026-11-28T12:00:00Z",
});

Deno.test("UpsRegistry goes on with one station while another throws, and says which", () => {
  const failed: string[] = [];
  const registry = new UpsRegistry(CONFIG, (what, act) => {
    try {
      return act();
    } catch {
      failed.push(what);
      return undefined;
    }
  });
  const at = { retained: false, nowMonoMs: 0 };
  for (const { device } of UPSES) registry.notePolicy(device, status(device), at);
  // The policy is gone, and both stations say that they have the grid.
  const nowMonoMs = 130_000;
  for (const { device } of UPSES) registry.noteState(device, state(device), { retained: false, nowMonoMs });
  const policyOf = registry.policyOf.bind(registry);
  const asked: string[] = [];
  registry.policyOf = (device) => {
    if (device === "Study") throw new Error("broken");
    asked.push(device);
    return policyOf(device);
  };
  registry.tick(nowMonoMs);
  assert.ok(asked.includes("Attic"), "the other one was looked at");
  assert.ok(failed.includes('station "Study"'), failed.join());
  assert.ok(!failed.includes("forced shutdowns"), failed.join());
});

/** Two stations for everybody, and a host of the policy on each. */
const OPEN_HOUSE = {
  ...CONFIG,
  users: ["proxmox", "late"].map((host) => ({
    name: host,
    password: "secret",
    role: "secondary" as const,
    host,
  })),
  upses: [{ name: "study", device: "Study" }, { name: "attic", device: "Attic" }],
};
const going = (agent: string): PolicyStatus => ({
  ...status("Study"),
  hosts: [{ agent, state: "shutting_down" }],
});
const quiet = (agent: string): PolicyStatus => ({
  ...status("Attic"),
  state: "online",
  hosts: [{ agent, state: "online" }],
});

/** A registry in which `late` is logged in at the Attic's UPS. */
function openHouse() {
  const registry = new UpsRegistry(OPEN_HOUSE);
  const id = registry.open("127.0.0.1");
  for (const words of [["USERNAME", "late"], ["PASSWORD", "secret"], ["LOGIN", "attic"]]) {
    registry.line(id, words, 0);
  }
  const statusAt = (nowMonoMs: number) =>
    registry.line(id, ["GET", "VAR", "attic", "ups.status"], nowMonoMs).lines[0];
  const grid = (nowMonoMs: number) =>
    registry.noteState("Attic", state("Attic"), { retained: false, nowMonoMs });
  return { registry, statusAt, grid };
}

Deno.test("UpsRegistry sends no host down that only an old word of a healthy station names", () => {
  const { registry, statusAt, grid } = openHouse();
  registry.notePolicy("Attic", quiet("late"), { retained: true, nowMonoMs: 10 });
  registry.notePolicy("Study", going("proxmox"), { retained: false, nowMonoMs: 20 });
  for (const atMs of [100, 5000, 9999, 10_020, 30_000]) {
    grid(atMs);
    registry.tick(atMs);
    assert.equal(statusAt(atMs), 'VAR attic ups.status "OL"', `${atMs} ms`);
  }
});

Deno.test("UpsRegistry waits 10 s for the words on all stations before it calls a host forgotten", () => {
  const { registry, statusAt, grid } = openHouse();
  registry.notePolicy("Study", going("proxmox"), { retained: false, nowMonoMs: 20 });
  for (const atMs of [21, 5000, 10_019]) {
    grid(atMs);
    registry.tick(atMs);
    assert.equal(statusAt(atMs), 'VAR attic ups.status "OL"', `${atMs} ms`);
  }
  registry.tick(10_020);
  assert.match(
    statusAt(10_020) ?? "",
    /FSD/,
    "no status names it, and its stations go down: nobody else tells it",
  );
});

Deno.test("UpsRegistry tells a host that no status names at once when the words are there", () => {
  const { registry, statusAt, grid } = openHouse();
  registry.notePolicy("Attic", quiet("another"), { retained: false, nowMonoMs: 0 });
  registry.notePolicy("Study", { ...quiet("proxmox"), device: "Study" }, { retained: false, nowMonoMs: 0 });
  registry.tick(20_000);
  registry.notePolicy("Study", going("proxmox"), { retained: false, nowMonoMs: 20_000 });
  grid(20_000);
  assert.equal(statusAt(20_000), 'VAR attic ups.status "OL"', "one of its stations is well");
  registry.notePolicy("Attic", { ...going("another"), device: "Attic" }, {
    retained: false,
    nowMonoMs: 20_010,
  });
  assert.match(statusAt(20_010) ?? "", /FSD/);
});

Deno.test("UpsRegistry gives a host the whole of its down_after_s after a start, for it may have left just before", () => {
  const user = { name: "nas", password: "secret", role: "secondary" as const };
  const offlineAt = (downAfterSec: number | undefined) => {
    const registry = new UpsRegistry({ ...CONFIG, users: [{ ...user, downAfterSec }] });
    for (let atMs = 0; atMs <= 300_000; atMs += 1000) {
      for (const outcome of registry.tick(atMs)) {
        if (outcome.kind === "presence" && outcome.status.agent === "nas") return atMs;
      }
    }
  };
  assert.equal(offlineAt(undefined), 90_000);
  assert.equal(offlineAt(60), 90_000);
  assert.equal(offlineAt(200), 200_000);
});
