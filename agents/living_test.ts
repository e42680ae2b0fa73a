import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signatureOf } from "../lib/pairing/signing.ts";
import { createAuthority } from "../lib/certificates.ts";
import { freePort, startMosquitto, startMosquittoWith } from "../scripts/simulate/mosquitto.ts";
import { type RunningProgram, startAgentProcess } from "../scripts/simulate/processes.ts";

const KEY = "ab".repeat(32);

/** A real agent process beside a real Mosquitto with passwords, access list and TLS, with stand-ins for its programs. */
async function site(lines = "") {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-agent-"));
  const authority = await createAuthority();
  const users = [
    {
      username: "pc",
      password: "agent-pass",
      publishes: ["power-manager/pc/status", "power-manager/pc/ack"],
      subscribes: ["power-manager/pc/cmd", "power-manager/pc/plan", "power-manager/orchestrator/status"],
    },
    { username: "boss", password: "boss-pass", publishes: ["#"], subscribes: ["#"] },
  ];
  const broker = await startMosquitto({ users, tls: await authority.issue() });
  const stateDir = join(dir, "state");
  mkdirSync(stateDir);
  writeFileSync(join(stateDir, "agent_key"), `${KEY}\n`, { mode: 0o600 });
  writeFileSync(join(dir, "ca.pem"), authority.caPem);
  const script = join(dir, "stand-in");
  writeFileSync(script, `#!/bin/sh\necho "$@" >> ${stateDir}/ran\n`);
  chmodSync(script, 0o755);
  const envFile = join(dir, "agent.env");
  writeFileSync(
    envFile,
    `AGENT_ID=pc
MQTT_HOST=127.0.0.1
MQTT_PORT=${broker.port}
MQTT_TLS=on
MQTT_CA_FILE=${dir}/ca.pem
MQTT_USER=pc
MQTT_PASS=agent-pass
STATE_DIR=${stateDir}
PRE_SHUTDOWN_CMD_1=${script} prepared
SHUTDOWN_CMD=${script} off
ABORT_CMD=${script} on
${lines}`,
  );
  const agents: RunningProgram[] = [];
  const start = () => {
    const agent = startAgentProcess({ envFile, stateDir, runs: true });
    agents.push(agent);
    return agent;
  };
  let count = 0;
  const send = (change: Record<string, unknown> = {}) => {
    const command = {
      id: `c${++count}`,
      action: "shutdown",
      delay_sec: 0,
      ttl_sec: 300,
      agent: "pc",
      issued_at: new Date().toISOString(),
      ...change,
    };
    const text = JSON.stringify({ ...command, sig: signatureOf(command, KEY) });
    const args = ["-V", "5", "-h", "127.0.0.1", "-p", String(broker.port), "--cafile", `${dir}/ca.pem`];
    const { status, stderr } = spawnSync("mosquitto_pub", [
      ...args,
      ...["-u", "boss", "-P", "boss-pass", "-q", "1", "-t", "power-manager/pc/cmd", "-m", text],
    ], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  };
  return {
    broker,
    start,
    send,
    stateDir,
    ran: () => {
      try {
        return readFileSync(join(stateDir, "ran"), "utf8").trim().split("\n");
      } catch {
        return [];
      }
    },
    async stop() {
      for (const agent of agents) await agent.kill();
      await broker.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const count = (agent: RunningProgram, pattern: RegExp) =>
  agent.lines.filter((line) => pattern.test(line)).length;
async function again(agent: RunningProgram, pattern: RegExp, times: number): Promise<void> {
  for (let i = 0; count(agent, pattern) < times; i++) {
    assert.ok(i < 400, `${times} × ${pattern}; the last lines:\n${agent.lines.slice(-8).join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test("the agent obeys over TLS with a password and access list, and hears what waited while the broker was gone", async () => {
  const s = await site();
  try {
    const agent = s.start();
    assert.ok(await agent.until(/AGENT CONNECTED mqtt=5/));
    await s.broker.goDown();
    await again(agent, /BROKER DOWN/, 1);
    await s.broker.goUp();
    await again(agent, /AGENT CONNECTED/, 2);
    s.send();
    await again(agent, /SHUTTING DOWN/, 1);
    await again(agent, /command=.*off/, 1);
    for (let i = 0; s.ran().length < 2 && i < 100; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(s.ran(), ["prepared", "off"]);
  } finally {
    await s.stop();
  }
});

Deno.test("the agent that slept through its keep-alive comes back and hears the command that waited", async () => {
  const s = await site();
  try {
    const agent = s.start();
    assert.ok(await agent.until(/AGENT CONNECTED/));
    Deno.kill(agent.pid, "SIGSTOP");
    // A broker killed this soon may not have written the subscription yet; that loss is not what is asked here.
    await s.broker.goDownInOrder();
    await s.broker.goUp();
    s.send({ action: "ping", id: "waited" });
    Deno.kill(agent.pid, "SIGCONT");
    await again(agent, /AGENT CONNECTED/, 2);
    await again(agent, /COMMAND ACCEPTED id=waited action=ping/, 1);
  } finally {
    await s.stop();
  }
});

Deno.test("the agent killed between preparation and end goes on after its restart, and does not obey a replay", async () => {
  const s = await site();
  try {
    const first = s.start();
    assert.ok(await first.until(/AGENT CONNECTED/));
    s.send({ id: "once", delay_sec: 3 });
    assert.ok(await first.until(/WAITING delay_sec=3/));
    await first.kill();
    assert.deepEqual(s.ran(), ["prepared"]);
    const second = s.start();
    assert.ok(await second.until(/RESUMING id=once phase=waiting/));
    assert.ok(await second.until(/SHUTTING DOWN/));
    for (let i = 0; s.ran().length < 2 && i < 100; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(s.ran(), ["prepared", "off"]);
    s.send({ id: "once", delay_sec: 3 });
    assert.ok(await second.until(/COMMAND REFUSED id=once reason="repeated/));
  } finally {
    await s.stop();
  }
});

/** Only root may say where a name leads; the name is one that nobody has. */
const NAME = "broker.ecoflow-power.invalid";
const HOSTS = "/etc/hosts";

Deno.test({
  name: "the agent follows its broker's name to another address",
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  async fn() {
    const dir = mkdtempSync(join(tmpdir(), "ecoflow-agent-"));
    const before = readFileSync(HOSTS, "utf8");
    const lead = (address: string) => writeFileSync(HOSTS, `${before.trimEnd()}\n${address} ${NAME}\n`);
    const port = freePort();
    const at = (address: string) => {
      const probe = freePort();
      const conf = `listener ${probe} 127.0.0.1\nlistener ${port} ${address}\nallow_anonymous true\n`;
      return startMosquittoWith(conf, probe);
    };
    const envFile = join(dir, "agent.env");
    writeFileSync(
      envFile,
      `AGENT_ID=pc\nMQTT_HOST=${NAME}\nMQTT_PORT=${port}\nSTATE_DIR=${dir}\nALLOW_UNSIGNED=true\n`,
    );
    let broker: Awaited<ReturnType<typeof at>> | undefined;
    let agent: RunningProgram | undefined;
    try {
      lead("127.0.0.2");
      broker = await at("127.0.0.2");
      agent = startAgentProcess({ envFile, stateDir: dir });
      await again(agent, /AGENT CONNECTED/, 1);
      await broker.stop();
      lead("127.0.0.3");
      broker = await at("127.0.0.3");
      await again(agent, /AGENT CONNECTED/, 2);
    } finally {
      writeFileSync(HOSTS, before);
      await agent?.kill();
      await broker?.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  },
});
