import assert from "node:assert/strict";
import { DAEMON_USER } from "../../services/broker_access.ts";
import { simulatedUsers } from "./site_broker.ts";

Deno.test("simulatedUsers() lets the daemon say what discovery says, where the scenario has it", () => {
  const daemonOf = (settings: Record<string, string>) =>
    simulatedUsers({ agents: ["pc"], settings }).find(({ username }) => username === DAEMON_USER);
  const isSaid = (settings: Record<string, string>) =>
    daemonOf(settings)?.publishes.some((filter) => filter.startsWith("homeassistant/"));
  assert.equal(isSaid({}), false);
  assert.equal(isSaid({ HOME_ASSISTANT_DISCOVERY: "on" }), true);
});
