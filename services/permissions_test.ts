import assert from "node:assert/strict";
import { loadConfig } from "../lib/config/load.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../lib/mqtt/topics.ts";
import { SERVICES, workerPermissions } from "./registry.ts";
import type { Attempt } from "./testdata/permission_probe.ts";

/** Tries `attempts` inside a worker with these permissions. */
function probe(permissions: Deno.PermissionOptionsObject, attempts: readonly Attempt[]): Promise<boolean[]> {
  const worker = new Worker(new URL("./testdata/permission_probe.ts", import.meta.url), {
    type: "module",
    deno: { permissions },
  });
  return new Promise<boolean[]>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(attempts);
  }).finally(() => worker.terminate());
}

function configIn(stateDir: string, broker: Record<string, string>) {
  return loadConfig({
    environment: { ECOFLOW_USER: "u", ECOFLOW_PASS: "p", STATE_DIR: stateDir, ...broker },
    exists: () => false,
    readFile: () => "",
  });
}

const FORBIDDEN: readonly Attempt[] = [
  { kind: "read", target: "/etc/passwd" },
  { kind: "read", target: import.meta.filename ?? "" },
  { kind: "write", target: "/tmp/ecoflow-power-probe" },
  { kind: "net", target: "127.0.0.1:9" },
  { kind: "net", target: "example.com:443" },
  { kind: "env", target: "ECOFLOW_PASS" },
  { kind: "env", target: "HOME" },
  { kind: "run", target: "true" },
  { kind: "ffi", target: "libc.so.6" },
  { kind: "sys", target: "hostname" },
];

for (const row of SERVICES) {
  Deno.test(`workerPermissions() of ${row.name} denies every forbidden read, write, net, env, run, ffi and sys`, async () => {
    const config = configIn("/tmp/none", { MQTT_HOST: "192.0.2.1" });
    const allowed = await probe(workerPermissions(row, config), FORBIDDEN);
    assert.deepEqual(FORBIDDEN.filter((_, i) => allowed[i]), []);
  });

  Deno.test(`workerPermissions() of ${row.name} denies the state of every other service`, async () => {
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
      const allowed = await probe(workerPermissions(row, config), attempts);
      for (const [i, { kind, target }] of attempts.entries()) {
        const isGranted = row.grants(config).some((grant) =>
          grant.kind === kind && grant.targets.some((dir) => target.startsWith(`${dir}/`))
        );
        assert.equal(allowed[i], isGranted, `${kind} ${target}`);
      }
    } finally {
      Deno.removeSync(stateDir, { recursive: true });
    }
  });

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
