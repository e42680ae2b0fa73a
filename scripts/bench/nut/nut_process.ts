/** A NUT server in a process of its own, so that its memory and speed are not those of the load: argument is its config. */
import { systemClock } from "../../../lib/time/clock.ts";
import { createHealth } from "../../../lib/health.ts";
import { createLogger } from "../../../lib/log/log.ts";
import { encodePolicyStatus } from "../../../lib/messages/policy_status.ts";
import { encodePowerState } from "../../../lib/messages/power_state.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { topicsUnder } from "../../../lib/mqtt/topics.ts";
import { createNutServer } from "../../../services/nut_server/service.ts";
import { type NutServerConfig, nutServerTopics } from "../../../services/nut_server/slice.ts";

const config = JSON.parse(Deno.args[0] ?? "") as NutServerConfig;
const clock = systemClock();
const topics = topicsUnder(config.roots);
const broker = new MemoryBroker(clock);
const server = createNutServer({
  name: "nut_server",
  config,
  bus: broker.bus({ service: "nut_server", ...nutServerTopics(config) }),
  clock,
  log: createLogger("nut_server", "crit", () => {}),
  health: createHealth(),
  random: Math.random,
});
await server.start();

let isOut = false;

/** A station that speaks every second. */
function feed(): void {
  for (const device of new Set(config.upses.map((ups) => ups.device))) {
    const state = {
      device,
      soc: 87,
      grid_connected: !isOut,
      model: "DELTA 2",
      sn: "BENCH",
      out_watts: 90,
      ac_in_watts: isOut ? 0 : 95,
    };
    broker.publish(topics.state(device), encodePowerState({ ...state, discharge_min: 320, link: "live" }));
  }
}
feed();
clock.every(1000, feed);
// The port is all that the parent wants to hear.
await Deno.stdout.write(new TextEncoder().encode(`${server.port}\n`));

/** The policy decides, at a line from the parent: every host goes down. */
for await (const _line of Deno.stdin.readable) {
  isOut = true;
  feed();
  const hosts = config.users.flatMap(({ host }) =>
    host === undefined ? [] : [{ agent: host, state: "told" as const }]
  );
  for (const device of new Set(config.upses.map((ups) => ups.device))) {
    const ts = new Date(clock.wallMs()).toISOString();
    const status = { device, state: "shutting_down" as const, sentence: "bench", blind: false, hosts, ts };
    broker.publish(topics.policy(device), encodePolicyStatus(status));
  }
}
