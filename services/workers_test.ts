import assert from "node:assert/strict";
import { loadConfig } from "../lib/config/load.ts";
import { matchesFilter, topicsUnder } from "../lib/mqtt/topics.ts";
import { ONLOOKERS } from "./onlookers.ts";
import { capabilityOf, SERVICES, wantedServices } from "./registry.ts";
import { workerPermissions, workersOf } from "./workers.ts";

function configOf(environment: Record<string, string>) {
  return loadConfig({
    environment: { ECOFLOW_CLOUD: "off", STATE_DIR: "/none", ...environment },
    exists: () => false,
    readFile: () => "",
  });
}

const ALL = {
  DASHBOARD_LISTEN: "127.0.0.1:8080",
  HOME_ASSISTANT_DISCOVERY: "true",
  NTFY_URL: "https://192.0.2.1/topic",
};
const TOGETHER = { OPTIONAL_SERVICES: "together" };
const namesIn = (environment: Record<string, string>) =>
  workersOf(configOf(environment)).map(({ services }) => services.map(({ name }) => name).join("+"));

Deno.test("ONLOOKERS are services of the registry, in its order, and none that the house needs", () => {
  const rows = SERVICES.filter(({ name }) => (ONLOOKERS as readonly string[]).includes(name));
  assert.deepEqual(rows.map(({ name }) => name), [...ONLOOKERS]);
  assert.deepEqual(rows.filter(({ required }) => required), []);
});

Deno.test("ONLOOKERS say nothing that those who protect listen to, but a person's wish for a drill or an abort", () => {
  const config = configOf({ ...ALL, DEVICE_TO_AGENTS_JSON: '{"Study":["nas"]}' });
  const all = wantedServices(config).map((row) => capabilityOf(row, config));
  const isOnlooking = ({ service }: { service: string }) =>
    (ONLOOKERS as readonly string[]).includes(service);
  const heard = all.filter((one) => !isOnlooking(one)).flatMap(({ subscribes }) => subscribes);
  const said = new Set(all.filter(isOnlooking).flatMap(({ publishes }) => publishes));
  const both = [...said].filter((topic) =>
    heard.some((filter) =>
      matchesFilter(filter, topic.replaceAll("+", "any")) || matchesFilter(topic, filter)
    )
  );
  const { drillRequest, abortRequest } = topicsUnder(config.roots);
  assert.deepEqual(both, [drillRequest, abortRequest]);
});

Deno.test("workersOf() gives each service a worker of its own, unless the onlookers are to be together", () => {
  const protecting = ["broker_link", "cloud_bridge", "soc_bridge", "policy_engine"];
  assert.deepEqual(namesIn(ALL), [...protecting, ...ONLOOKERS]);
  assert.deepEqual(namesIn({ ...ALL, ...TOGETHER }), [...protecting, ONLOOKERS.join("+")]);
  assert.deepEqual(namesIn({ ...TOGETHER, DASHBOARD_LISTEN: "127.0.0.1:8080" }), [
    ...protecting,
    "historian+dashboard",
  ]);
  assert.deepEqual(namesIn(TOGETHER), [...protecting, "historian"], "one alone shares with nobody");
});

Deno.test("workerPermissions() of several are theirs together, each once, and nothing more", () => {
  const config = configOf({ ...ALL, ...TOGETHER });
  const shared = workersOf(config).at(-1) ?? assert.fail();
  const { read, write, net, env, run, ffi, sys } = workerPermissions(shared.services, config);
  assert.deepEqual(read, ["/none/historian", "/none/dashboard", "/none/notifier"]);
  assert.deepEqual(write, ["/none/historian", "/none/notifier"]);
  assert.deepEqual(net, ["127.0.0.1:8080", "192.0.2.1:443"]);
  assert.deepEqual([env, run, ffi, sys], [false, false, false, false]);
});
