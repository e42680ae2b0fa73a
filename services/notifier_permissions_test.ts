/** Every way out, from a worker with exactly the permissions that the daemon gives it, to real servers. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REAL_TIME } from "../lib/time/clock.ts";
import { loadConfig } from "../lib/config/load.ts";
import type { FromWorker, InitMessage } from "../lib/workers/control.ts";
import type { BusReply, BusRequest } from "../lib/workers/port_bus.ts";
import { startHttps, startMailServer } from "./notifier/testdata/servers.ts";
import { capabilityOf, SERVICES } from "./registry.ts";
import { workerPermissions } from "./workers.ts";

/** Starts the notifier as the daemon does, and tells it of a danger. @returns what it says of its troubles in the end */
async function tellOfDanger(
  environment: Record<string, string>,
  caPem: string,
  isTold: () => boolean,
): Promise<{ told: boolean; health: string }> {
  const stateDir = mkdtempSync(join(tmpdir(), "ecoflow-notifier-"));
  mkdirSync(join(stateDir, "notifier"));
  const row = SERVICES.find(({ name }) => name === "notifier");
  assert.ok(row);
  const config = loadConfig({
    environment: { ECOFLOW_CLOUD: "off", STATE_DIR: stateDir, NOTIFY_CA_FILE: "/ca.pem", ...environment },
    exists: () => false,
    readFile: () => caPem,
    hostName: "raspberrypi",
  });
  const permissions = workerPermissions([row], config);
  const worker = new Worker(row.entry, { type: "module", deno: { permissions } });
  const { port1, port2 } = new MessageChannel();
  const ready = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  let health: readonly { readonly text: string }[] = [];
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === "ready") ready.resolve();
    if (data.kind === "failed") ready.reject(new Error(data.text));
    if (data.kind === "health") health = data.problems;
    if (data.kind === "stopped") stopped.resolve();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    ready.reject(new Error(event.message));
    stopped.resolve();
  };
  const say = (reply: BusReply) => port1.postMessage(reply);
  port1.onmessage = ({ data }: MessageEvent<BusRequest>) => {
    if (data.kind === "publish" && data.id !== undefined) say({ kind: "published", id: data.id });
  };
  const init: InitMessage = {
    kind: "init",
    service: row.name,
    config: row.slice(config),
    capability: capabilityOf(row, config),
    log: { level: "crit", style: "plain" },
    time: REAL_TIME,
    busPort: port2,
  };
  try {
    worker.postMessage(init, [port2]);
    await ready.promise;
    say({ kind: "link", up: true });
    const event = {
      ts: new Date().toISOString(),
      kind: "shutdown_sent",
      severity: "danger",
      source: "policy_engine",
      text: "Study: shutdown",
    };
    say({
      kind: "message",
      topic: "power-manager/events",
      payload: new TextEncoder().encode(JSON.stringify(event)),
      retained: false,
    });
    for (let tries = 0; tries < 150 && !isTold() && health.length === 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return { told: isTold(), health: health.map(({ text }) => text).join("; ") };
  } finally {
    worker.postMessage({ kind: "stop" });
    await stopped.promise;
    worker.terminate();
    port1.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

const https: readonly [name: string, settings: (url: string) => Record<string, string>][] = [
  ["pushover", (url) => ({ PUSHOVER_URL: url, PUSHOVER_TOKEN: "t", PUSHOVER_USER: "u" })],
  ["telegram", (url) => ({ TELEGRAM_URL: url, TELEGRAM_BOT_TOKEN: "1:t", TELEGRAM_CHAT_ID: "1" })],
  ["ntfy", (url) => ({ NTFY_URL: `${url}/topic` })],
  ["webhook", (url) => ({ WEBHOOK_URL: `${url}/hook` })],
  ["apprise", (url) => ({ APPRISE_URL: `${url}/notify/key` })],
];
for (const [name, settings] of https) {
  Deno.test(`the notifier reaches ${name} with the permissions that it has in the daemon`, async () => {
    const server = await startHttps();
    try {
      const found = await tellOfDanger(settings(server.url), server.caPem, () => server.got.length > 0);
      assert.deepEqual(found, { told: true, health: "" });
    } finally {
      await server.stop();
    }
  });
}

for (const host of ["127.0.0.1", "localhost"]) {
  Deno.test(`the notifier hands mail to ${host} with the permissions that it has in the daemon`, async () => {
    const server = await startMailServer();
    try {
      const settings = {
        SMTP_HOST: host,
        SMTP_PORT: String(server.port),
        SMTP_USER: "me",
        SMTP_PASS: "pass",
        SMTP_TO: "me@example.com",
      };
      const found = await tellOfDanger(settings, server.caPem, () => server.mails.length > 0);
      assert.deepEqual(found, { told: true, health: "" });
      assert.match(server.mails[0] ?? "", /^Auto-Submitted: auto-generated$/m);
      assert.ok(server.lines.includes("EHLO raspberrypi.local"), server.lines.join(" | "));
    } finally {
      await server.stop();
    }
  });
}
