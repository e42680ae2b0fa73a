/** Two real daemons with one state directory's copy, one real agent, and Mosquitto: the host obeys once, and an abort stays. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AgentAck, parseAgentAck } from "../../lib/messages/agent/ack.ts";
import { parseEvent } from "../../lib/messages/event.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { freePort, startMosquitto } from "./mosquitto.ts";
import { startAgentProcess, startDaemonProcess } from "./processes.ts";
import { writeEnv } from "./site_files.ts";
import { pause, waited } from "./waited.ts";

/** All of the house runs five times as fast. */
const SCALE = `5@${Date.now()}`;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("two daemons, one client id, a real outage: the host goes down once, the abort stays, and everybody says so", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-twins-"));
  const undo: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    await play(t, dir, undo);
  } finally {
    for (const one of undo.splice(0).reverse()) await one();
  }
});

async function play(t: Deno.TestContext, dir: string, undo: (() => unknown)[]): Promise<void> {
  const mosquitto = await startMosquitto({ saves: "seldom" });
  undo.push(() => mosquitto.stop());
  const key = "ab".repeat(32);
  const common = { MQTT_HOST: "127.0.0.1", MQTT_PORT: String(mosquitto.port) };
  const daemon = (name: string) => {
    const stateDir = join(dir, name);
    const envFile = writeEnv(join(dir, `${name}.env`), {
      ...common,
      ECOFLOW_CLOUD: "off",
      DASHBOARD_LISTEN: `127.0.0.1:${freePort()}`,
      STATE_DIR: stateDir,
      DEVICE_TO_AGENTS_JSON: '{"Study":["pc"]}',
      POLICY_DEBOUNCE_SEC: "3",
    });
    const program = startDaemonProcess({ envFile, stateDir, timeScale: SCALE });
    undo.push(() => program.stop());
    return { ...program, lines: program.lines, envFile };
  };
  mkdirSync(join(dir, "one"), { mode: 0o700 });
  writeFileSync(join(dir, "one", "agent_keys.json"), JSON.stringify({ pc: key }), { mode: 0o600 });
  cpSync(join(dir, "one"), join(dir, "two"), { recursive: true });
  mkdirSync(join(dir, "pc"), { mode: 0o700 });
  writeFileSync(join(dir, "pc", "key"), `${key}\n`, { mode: 0o600 });

  const acks: AgentAck[] = [];
  const events: string[] = [];
  const commands: string[] = [];
  const up = Promise.withResolvers<void>();
  const outsider = connectMqtt({
    host: "127.0.0.1",
    port: mosquitto.port,
    clientId: "outsider",
    protocolVersion: 5,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 5000,
  }, {
    onUp: () => up.resolve(),
    onDown: () => {},
    onMessage: ({ topic, payload }) => {
      if (topic.endsWith("/ack")) acks.push(parseAgentAck(payload, topic));
      else if (topic.endsWith("/events")) events.push(parseEvent(payload, topic).kind);
      else if (topic.endsWith("/cmd") && payload.length > 0) commands.push(new TextDecoder().decode(payload));
    },
  });
  undo.push(() => outsider.close());
  await up.promise;
  for (const topic of ["pc/ack", "events", "pc/cmd"]) await outsider.subscribe(`power-manager/${topic}`, 1);
  let state = { soc: 80, grid_connected: true };
  const timer = setInterval(() => {
    const text = JSON.stringify({ device: "Study", age_s: 0, soc_age_s: 0, grid_age_s: 0, ...state });
    outsider.publish("bridge-ecoflow/Study/json/state", text).catch(() => {});
  }, 300);
  undo.push(() => clearInterval(timer));

  const one = daemon("one");
  await reached("the first daemon", one.until(/main READY/));
  const agentEnv = writeEnv(join(dir, "pc.env"), {
    ...common,
    AGENT_ID: "pc",
    AGENT_KEY_FILE: join(dir, "pc", "key"),
    STATE_DIR: join(dir, "pc"),
    REHEARSAL: "true",
  });
  const agent = startAgentProcess({ envFile: agentEnv, stateDir: join(dir, "pc"), timeScale: SCALE });
  undo.push(() => agent.stop());
  await reached("the agent", agent.until(/AGENT CONNECTED/));
  const two = daemon("two");
  const both = [one, two];
  const times = (pattern: RegExp) =>
    both.map(({ lines }) => lines.filter((line) => pattern.test(line)).length);

  await t.step("both say that there is another, and one gives way", async () => {
    for (const { until } of both) await reached("the notice", until(/CLIENT ID TAKEN/));
    await reached("one that gives way", Promise.race(both.map(({ until }) => until(/gives_way_ms=60000/))));
  });

  await t.step("the host is told by one, also while the other looks in", async () => {
    state = { soc: 5, grid_connected: false };
    await waited("the host takes it", () => acks.some(({ status }) => status === "accepted"));
    await reached("a second look", Promise.race(both.map(({ until }) => until(/gives_way_ms=120000/))));
    await pause(8000);
    assert.deepEqual(
      times(/SHUTDOWN SENT/).toSorted(),
      [0, 1],
      both.map(({ lines }) => lines.join("\n")).join(),
    );
    assert.equal(acks.filter(({ status }) => status === "accepted").length, 1);
  });

  await t.step("an abort by one is not undone by the other", async () => {
    state = { soc: 60, grid_connected: true };
    await waited("the host is called off", () => acks.some(({ status }) => status === "aborted"));
    await reached("a third look", Promise.race(both.map(({ until }) => until(/gives_way_ms=240000/))));
    await pause(3000);
    assert.equal(acks.filter(({ status }) => status === "accepted").length, 2, "the shutdown and its abort");
    assert.equal(commands.filter((command) => command.includes('"shutdown"')).length, 1);
  });

  await t.step("log, status, journal and doctor name it", async () => {
    assert.ok(times(/CLIENT ID TAKEN/).every((count) => count > 0));
    assert.ok(events.includes("client_id_taken"));
    // The one whose configuration has the daemon that works is told of the other; the other is told whose daemon answers.
    const told = await Promise.all(both.map(({ envFile }) => doctor(envFile)));
    assert.deepEqual(
      told.map((text) => [/[Ss]omebody else uses our client id/, /another one/].map((one) => one.test(text)))
        .toSorted(),
      [[false, true], [true, false]],
      told.join("\n"),
    );
  });
}

async function doctor(envFile: string): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", join(ROOT, "main.ts"), "doctor", "--env", envFile],
    env: { NO_COLOR: "1" },
  });
  const { stdout, stderr } = await command.output();
  return (new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)).replaceAll(/\s+/g, " ");
}

async function reached(what: string, done: Promise<boolean>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), 90_000));
  const isReached = await Promise.race([done, late]);
  clearTimeout(timer);
  if (!isReached) throw new Error(`waited in vain: ${what}`);
}
