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
