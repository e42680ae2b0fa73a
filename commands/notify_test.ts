/** `ecoflow-power notify --test` by the real program, and the worker with its permissions only. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../lib/config/load.ts";
import type { FromWorker } from "../lib/workers/control.ts";
import { SERVICES } from "../services/registry.ts";
import { workerPermissions } from "../services/workers.ts";
import { startHttps } from "../services/notifier/testdata/servers.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function inDir(run: (dir: string, server: Awaited<ReturnType<typeof startHttps>>) => Promise<void>) {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-notify-"));
  const server = await startHttps();
  try {
    writeFileSync(join(dir, "ca.pem"), server.caPem);
    await run(dir, server);
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true });
  }
}

Deno.test("notify --test tells by every way what came of it, and never a secret", () =>
  inDir(async (dir, server) => {
    const env = join(dir, "test.env");
    writeFileSync(
      env,
      `ECOFLOW_CLOUD=off\nSTATE_DIR=${dir}\nNOTIFY_CA_FILE=${dir}/ca.pem\nNTFY_URL=${server.url}/secret-topic\n` +
        `TELEGRAM_URL=${server.url}\nTELEGRAM_BOT_TOKEN=12:secret-token\nTELEGRAM_CHAT_ID=7\n`,
    );
    const run = async () => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "--no-prompt",
          "--allow-net",
          "--allow-read",
          "--allow-env",
          join(ROOT, "main.ts"),
          "notify",
          "--test",
          "--env",
          env,
        ],
      }).output();
      return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    const good = await run();
    assert.equal(good.code, 0, good.text);
    assert.match(good.text, /^ok {5}telegram: sent.*\nok {5}ntfy: sent/);
    assert.equal(server.got.length, 2);
    server.answer = ({ path }) =>
      path === "/" ? undefined : new Response("wrong 12:secret-token", { status: 404 });
    const bad = await run();
    assert.equal(bad.code, 1);
    assert.match(bad.text, /^WRONG {2}telegram: 127\.0\.0\.1:\d+ answered with status 404.*; check its keys/);
    assert.match(bad.text, /^ok {5}ntfy/m);
    assert.doesNotMatch(good.text + bad.text, /secret/);
  }));

Deno.test("worker.ts of notifier sends with its permissions only", () =>
  inDir(async (dir, server) => {
    const config = loadConfig({
      environment: {
        ECOFLOW_CLOUD: "off",
        STATE_DIR: dir,
        NTFY_URL: `${server.url}/topic`,
        NOTIFY_CA_FILE: "ca",
      },
      exists: () => false,
      readFile: () => server.caPem,
    });
    const row = SERVICES.find(({ name }) => name === "notifier");
    assert.ok(row);
    assert.equal(row.isWanted?.(config), true);
    Deno.mkdirSync(join(dir, "notifier"));
    const worker = new Worker(row.entry, {
      type: "module",
      deno: { permissions: workerPermissions([row], config) },
    });
    const said = Promise.withResolvers<FromWorker>();
    const stopped = Promise.withResolvers<void>();
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) =>
      data.kind === "stopped" ? stopped.resolve() : said.resolve(data);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {};
    const capability = {
      service: "notifier",
      publishes: ["power-manager/events"],
      subscribes: ["power-manager/events"],
    };
    worker.postMessage({
      kind: "init",
      service: "notifier",
      config: row.slice(config),
      capability,
      log: { level: "crit", style: "plain" },
      time: { speed: 1, originWallMs: 0 },
      busPort: port2,
    }, [port2]);
    assert.deepEqual(await said.promise, { kind: "ready" });
    const event = {
      ts: new Date().toISOString(),
      kind: "shutdown_sent",
      severity: "danger",
      source: "policy_engine",
      text: "nas is told to shut down",
    };
    port1.postMessage({
      kind: "message",
      topic: "power-manager/events",
      payload: new TextEncoder().encode(JSON.stringify(event)),
      retained: false,
    });
    for (let tries = 0; server.got.length === 0 && tries < 600; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.match(server.got[0]?.body ?? "", /nas is told to shut down/);
    worker.postMessage({ kind: "stop" });
    await stopped.promise;
    worker.terminate();
    port1.close();
  }));
