import assert from "node:assert/strict";
import { loadConfig } from "../lib/config/load.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../lib/mqtt/topics.ts";
import { isOnlooker } from "./onlookers.ts";
import { type ServiceRow, SERVICES } from "./registry.ts";
import { FORBIDDEN, probe } from "./sandbox.ts";
import type { Attempt } from "./sandbox_probe.ts";
import { workerPermissions } from "./workers.ts";

function configIn(stateDir: string, more: Record<string, string>) {
  return loadConfig({
    environment: { ECOFLOW_USER: "u", ECOFLOW_PASS: "p", STATE_DIR: stateDir, ...more },
    exists: () => false,
    readFile: () => "",
  });
}

/** What the product itself tries, its own source, and this machine's services. */
const ATTEMPTS: readonly Attempt[] = [...FORBIDDEN, { kind: "net", target: "127.0.0.1:9" }, {
  kind: "read",
  target: import.meta.filename ?? "",
}];

/** Each service in a worker of its own, then the onlookers in theirs. */
const WORKERS: readonly (readonly [name: string, services: readonly ServiceRow[]])[] = [
  ...SERVICES.map((row) => [row.name, [row]] as const),
  ["all onlookers together", SERVICES.filter(({ name }) => isOnlooker(name))],
];

for (const [name, services] of WORKERS) {
  Deno.test(`workerPermissions() of ${name} denies every forbidden read, write, net, env, run, ffi and sys`, async () => {
    const config = configIn("/tmp/none", { MQTT_HOST: "192.0.2.1" });
    const allowed = await probe(workerPermissions(services, config), ATTEMPTS);
    assert.deepEqual(ATTEMPTS.filter((_, i) => allowed[i]), []);
  });

  Deno.test(`workerPermissions() of ${name} denies the state of every service that is not in it`, async () => {
    const stateDir = Deno.makeTempDirSync();
    try {
      const config = configIn(stateDir, { MQTT_HOST: "192.0.2.1" });
      for (const { name } of SERVICES) {
        Deno.mkdirSync(`${stateDir}/${name}`);
        Deno.writeTextFileSync(`${stateDir}/${name}/kept`, "x");
      }
      const attempts = SERVICES.flatMap(({ name }): Attempt[] => [
        { kind: "read", target: `${stateDir}/${name}/kept` },
        { kind: "write", target: `${stateDir}/${name}/kept` },
      ]);
      const allowed = await probe(workerPermissions(services, config), attempts);
      for (const [i, { kind, target }] of attempts.entries()) {
        const isGranted = services.flatMap((row) => row.grants(config)).some((grant) =>
          grant.kind === kind && grant.targets.some((dir) => target.startsWith(`${dir}/`))
        );
        assert.equal(allowed[i], isGranted, `${kind} ${target}`);
      }
    } finally {
      Deno.removeSync(stateDir, { recursive: true });
    }
  });
}

for (const row of SERVICES) {
  Deno.test(`grants() of ${row.name} each have a reason, and no wildcard opens everything`, () => {
    for (const { targets, reason } of row.grants(configIn("/tmp/none", {}))) {
      assert.ok(reason.length > 10);
      assert.ok(
        targets.length > 0 && !targets.includes("*") && !targets.includes("/") && !targets.includes(""),
      );
    }
  });
}

Deno.test("SERVICES only the policy engine may command agents, and nobody writes raw bytes but the cloud bridge", () => {
  const config = configIn("/tmp/none", {});
  const topics = { command: "power-manager/+/cmd", raw: "bridge-ecoflow/+/data" };
  const writers = (filter: string) =>
    SERVICES.filter((row) => row.publishes(topicsUnder(DEFAULT_ROOTS), config).includes(filter)).map((
      { name },
    ) => name);
  assert.deepEqual(writers(topics.command), ["policy_engine"]);
  assert.deepEqual(writers(topics.raw), ["cloud_bridge"]);
});
