/**
 * A UPS that only NUT knows, with no cloud at all: Debian's real upsd, a real Mosquitto with its access list, the real daemon and
 * the real agent, from the plug that is pulled to the host that is told, and to its abort.
 */
import assert from "node:assert/strict";
import { parseAgentCommand } from "../lib/messages/agent/command.ts";
import { parseEvent } from "../lib/messages/event.ts";
import { parsePowerState, type PowerState } from "../lib/messages/power_state.ts";
import { startRealWorld } from "../scripts/simulate/real_world.ts";
import { havePrograms, until } from "./nut_server/testdata/debian_programs.ts";
import { UPS, withDummyHouse } from "./nut_source/testdata/dummy_house.ts";

const ON_LINE = { "ups.model": "Smart-UPS 750", "ups.status": "OL", "battery.charge": 62 };

Deno.test("a UPS that only NUT knows protects its host with ECOFLOW_CLOUD=off, and calls it off when the grid is back", async () => {
  if (!havePrograms("upsd", "dummy-ups")) return;
  await withDummyHouse(ON_LINE, async (upsd) => {
    const lines: string[] = [];
    const world = await startRealWorld({
      scenario: {
        name: "cable_alone",
        title: "A UPS that only NUT knows.",
        stations: [],
        hosts: { Rack: ["nas"] },
        settings: {
          ECOFLOW_CLOUD: "off",
          NUT_SOURCE_POLL_SEC: "2",
          POLICY_DEBOUNCE_SEC: "6",
          POLICY_SHUTDOWN_DELAY_SEC: "60",
        },
        policyFile: `[station.Rack]\nsoc_min = 30\nnut = { ups = "${UPS}", port = ${upsd.port} }\n`,
        steps: [],
        endSec: 0,
        expect: [],
      },
      models: new Map(),
      speed: 1,
      broker: "mosquitto",
      onLog: (program, line) => lines.push(`${program} ${line}`),
    });
    const commands: string[] = [];
    const kinds: string[] = [];
    let state: PowerState | undefined;
    world.onMessage(({ topic, payload }) => {
      // The daemon proves its rights with an empty message.
      if (topic.endsWith("/nas/cmd") && payload.length > 0) {
        commands.push(parseAgentCommand(payload, topic).action);
      }
      if (topic.endsWith("/Rack/json/state")) state = parsePowerState(payload, topic);
      if (topic.endsWith("/events")) kinds.push(parseEvent(payload, topic).kind);
    });
    const seen = async (what: string, isIt: () => boolean, withinMs = 40_000) => {
      try {
        await until(what, isIt, withinMs);
      } catch (error) {
        throw new Error(
          `${error}\n${JSON.stringify(state)}\n${commands} ${kinds}\n${lines.slice(-40).join("\n")}`,
        );
      }
    };
    try {
      await seen("the grid is there", () => state?.grid_connected === true && state.soc === 62);
      assert.deepEqual([state?.model, state?.sn, state?.grid_source], ["Smart-UPS 750", undefined, "nut"]);
      upsd.say({ ...ON_LINE, "ups.status": "OB DISCHRG", "battery.charge": 61 });
      await seen("on battery", () => state?.grid_connected === false && kinds.includes("grid_lost"));
      await new Promise((resolve) => setTimeout(resolve, 8000));
      assert.equal(commands.length, 0, "61 % is no reason");
      upsd.say({ ...ON_LINE, "ups.status": "OB DISCHRG", "battery.charge": 29 });
      await seen("the host is told", () => commands.includes("shutdown"));
      await seen(
        "it obeys",
        () => lines.some((line) => line.startsWith("nas") && /REHEARSAL|SHUTDOWN/i.test(line)),
      );
      upsd.say({ ...ON_LINE, "ups.status": "OL CHRG", "battery.charge": 29 });
      await seen("the host is called off", () => commands.includes("abort"));
      assert.deepEqual(commands.filter((action) => action === "shutdown").length, 1);
      await upsd.killUpsd();
      await seen("the silence is told", () => kinds.includes("source_silent"));
      assert.equal(commands.length, 2, "a cable that dies on the grid shuts nobody down");
    } finally {
      await world.stop();
    }
  });
});
