/** `ecoflow-power feed` by the real programs: daemon, broker with its access list, and the feed as a process of its own. */
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../lib/config/load.ts";
import { type AgentCommand, parseAgentCommand } from "../../lib/messages/agent/command.ts";
import { encodeAgentStatus } from "../../lib/messages/agent/status.ts";
import { parsePolicyStatus, type PolicyStatus } from "../../lib/messages/policy_status.ts";
import type { MqttClient } from "../../lib/mqtt/client.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { freePort, startMosquitto } from "../../scripts/simulate/mosquitto.ts";
import { startDaemonProcess } from "../../scripts/simulate/processes.ts";
import { brokerUsers, DAEMON_USER } from "../../services/broker_access.ts";
import { DISK } from "../read_config.ts";
import { readFeed } from "./request.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const PASSWORD = "not-a-secret-here";

interface Scene {
  readonly commands: readonly AgentCommand[];
  /** The newest status of SimulatedDevice; undefined: the broker keeps none. */
  readonly status: () => PolicyStatus | undefined;
  readonly feed: (...args: string[]) => Deno.ChildProcess;
  until(what: string, isSo: () => boolean, limitMs?: number): Promise<void>;
  readonly log: () => string;
  /** The owner adds a line to the configuration, and does not restart the daemon. */
  readonly configure: (line: string) => void;
}

async function inHouse(
  broker: "mosquitto" | "embedded",
  hosts: readonly string[],
  run: (scene: Scene) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-feed-"));
  const envFile = join(dir, "test.env");
  const settings = (port: number) =>
    [
      "ECOFLOW_CLOUD=off",
      "HISTORY=on",
      "POLICY_DEBOUNCE_SEC=2",
      `STATE_DIR=${join(dir, "state")}`,
      `DEVICE_TO_AGENTS_JSON='${JSON.stringify(hosts.length > 0 ? { SimulatedDevice: hosts } : {})}'`,
      ...(broker === "embedded"
        ? [`MQTT_EMBEDDED_PORT=${port}`]
        : ["MQTT_HOST=127.0.0.1", `MQTT_PORT=${port}`, `MQTT_USER=${DAEMON_USER}`, `MQTT_PASS=${PASSWORD}`]),
      "",
    ].join("\n");
  const rights = loadConfig({
    file: { name: "test", text: settings(1) },
    environment: {},
    ...DISK,
  });
  const mosquitto = broker === "embedded" ? undefined : await startMosquitto({
    users: brokerUsers(rights).map((user) => ({ ...user, password: PASSWORD })),
  });
  const port = mosquitto?.port ?? freePort();
  writeFileSync(envFile, settings(port));
  const daemon = startDaemonProcess({ envFile, stateDir: dir });
  const commands: AgentCommand[] = [];
  const clients: MqttClient[] = [];
  let status: PolicyStatus | undefined;
  const children: Deno.ChildProcess[] = [];
  const enter = (
    username: string,
    filters: readonly string[],
    onMessage: (topic: string, text: string) => void,
  ) =>
    new Promise<MqttClient>((resolve, reject) => {
      const client: MqttClient = connectMqtt({
        host: "127.0.0.1",
        port,
        clientId: `test-${username}`,
        ...(mosquitto ? { username, password: PASSWORD } : {}),
        protocolVersion: 4,
        cleanSession: true,
        keepAliveSec: 60,
        connectTimeoutMs: 30_000,
      }, {
        onUp: () =>
          Promise.all(filters.map((one) => client.subscribe(one, 1))).then(() => resolve(client), reject),
        onDown: ({ text }) => reject(new Error(text)),
        onMessage: ({ topic, payload }) => onMessage(topic, new TextDecoder().decode(payload)),
      });
      clients.push(client);
    });
  try {
    assert.ok(await daemon.until(/notice main READY/), daemon.lines.join("\n"));
    await enter(DAEMON_USER, ["power-manager/policy/+"], (_topic, text) => {
      status = text === "" ? undefined : parsePolicyStatus(text, "status");
    });
    for (const host of hosts) {
      const agent = await enter(host, [`power-manager/${host}/cmd`], (topic, text) => {
        // The daemon proves its rights with an empty message.
        if (text !== "") commands.push(parseAgentCommand(text, topic));
      });
      await agent.publish(`power-manager/${host}/status`, encodeAgentStatus({ agent: host, online: true }), {
        qos: 1,
        retain: true,
      });
    }
    await run({
      commands,
      status: () => status,
      feed(...args) {
        const child = new Deno.Command(Deno.execPath(), {
          args: ["run", "--quiet", "--no-check", "-A", MAIN, "feed", ...args, "--env", envFile],
          stdout: "piped",
          stderr: "piped",
        }).spawn();
        children.push(child);
        return child;
      },
      async until(what, isSo, limitMs = 60_000) {
        const end = Date.now() + limitMs;
        while (!isSo() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 100));
        assert.ok(isSo(), `${what}: ${JSON.stringify(status)}\n${daemon.lines.join("\n")}`);
      },
      log: () => daemon.lines.join("\n"),
      configure: (line) => appendFileSync(envFile, `${line}\n`),
    });
  } finally {
    for (const client of clients) await client.close();
    for (const child of children) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
    }
    await daemon.stop();
    await mosquitto?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

Deno.test("feed killed in mid-play, on Mosquitto with the product's rights: the mapped host is called off, nothing is left", () =>
  inHouse("mosquitto", ["pc"], async ({ commands, status, feed, until, log }) => {
    const child = feed("--soc", "5");
    await until("the host is told", () => commands.length > 0);
    assert.equal(commands[0]?.action, "shutdown");
    assert.match(commands[0]?.reason ?? "", /^SIMULATED: SimulatedDevice: /);
    assert.equal(status()?.simulated, true);
    assert.match(log(), /SIMULATION BEGINS device=SimulatedDevice/);
    child.kill("SIGKILL");
    const { stdout } = await child.output();
    assert.match(new TextDecoder().decode(stdout), /pc is mapped to it and WILL be shut down/);
    await until("the host is called off", () => commands.some(({ action }) => action === "abort"), 30_000);
    assert.match(log(), /SIMULATION ENDED/);
    assert.doesNotMatch(log(), /refused the topic|BROKER REFUSES/);
  }));

Deno.test("feed on the embedded broker plays an outage to its end, commands nobody by default, and ends by itself", () =>
  inHouse("embedded", [], async ({ commands, status, feed, until }) => {
    const child = feed("--outage");
    await until("the play is heard", () => status()?.simulated === true);
    const { code, stdout, stderr } = await child.output();
    const said = new TextDecoder().decode(stdout);
    assert.equal(code, 0, said + new TextDecoder().decode(stderr));
    assert.match(said, /no host is mapped to it, so nobody is told anything/);
    assert.match(
      said,
      /online .*SIMULATED: [^]*on_battery .*SIMULATED: [^]*shutting_down .*SIMULATED: [^]*the grid is back/,
    );
    assert.match(said, /The play is over, and nothing of it is left\./);
    assert.equal(status(), undefined);
    assert.deepEqual(commands, []);
  }));

Deno.test("feed says that the daemon does not play a station that it does not know yet", () =>
  inHouse("embedded", [], async ({ feed, configure }) => {
    configure("SIMULATED_STATIONS=Attic");
    const { code, stderr } = await feed("--soc", "50").output();
    assert.equal(code, 1);
    assert.match(
      new TextDecoder().decode(stderr).replaceAll(/\s+/g, " "),
      /the daemon does not play "Attic"; .*when SIMULATED_STATIONS was changed since its start: deno task start/,
    );
  }));

for (
  const [args, wanted] of [
    [["--outage", "--soc", "5"], /must have --outage alone/],
    [["--soc", "101"], /--soc must be a number from 0 to 100, found "101"/],
    [["--grid", "maybe"], /--grid must be on or off/],
    [["--minutes", "61"], /--minutes must be a number from 1 to 60/],
  ] as const
) {
  Deno.test(`readFeed() refuses ${args.join(" ")}`, () => assert.throws(() => readFeed(args), wanted));
}

Deno.test("readFeed() plays no real station, and names those that may be played", () => {
  const house = loadConfig({
    file: {
      name: "test",
      text:
        "ECOFLOW_CLOUD=off\nECOFLOW_DEVICE_LIST=R651AAAA:Study\nSIMULATED_STATIONS=SimulatedDevice, Attic\n",
    },
    environment: {},
    ...DISK,
  });
  const chosen = (...args: string[]) => readFeed(args).request(house).device;
  assert.deepEqual([chosen(), chosen("--device", "Attic")], ["SimulatedDevice", "Attic"]);
  for (const real of ["Study", "R651AAAA"]) {
    assert.throws(
      () => chosen("--device", real),
      /it is a real station.*must be one of .*SimulatedDevice, Attic/,
    );
  }
  assert.throws(() => chosen("--device", "Nobody"), /is not named there/);
});

Deno.test("loadConfig() refuses a real station among SIMULATED_STATIONS", () => {
  const text = "ECOFLOW_CLOUD=off\nECOFLOW_DEVICE_LIST=R651AAAA:Study\nSIMULATED_STATIONS=Study\n";
  assert.throws(
    () => loadConfig({ file: { name: "test", text }, environment: {}, ...DISK }),
    /SIMULATED_STATIONS: must not name a real station, found "Study", the name of R651AAAA/,
  );
});
