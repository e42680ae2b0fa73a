import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { REAL_TIME } from "../../lib/time/clock.ts";
import type { FromWorker, ToWorker } from "../../lib/workers/control.ts";
import type { BusReply, BusRequest } from "../../lib/workers/port_bus.ts";
import { nutServerTopics } from "./slice.ts";
import { LineClient } from "./testdata/line_client.ts";
import { TEST_CONFIG, TOPICS } from "./testdata/test_house.ts";

const pem = (name: string) => readFileSync(new URL(`./testdata/${name}.pem`, import.meta.url), "utf8");

/** A port that is free now. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

Deno.test("worker.ts serves, with TLS and a bus, on the permission to use its own address alone", async () => {
  const port = freePort();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    deno: {
      permissions: {
        net: [`127.0.0.1:${port}`],
        read: false,
        write: false,
        env: false,
        run: false,
        ffi: false,
        sys: false,
        import: false,
      },
    },
  });
  const { port1: ours, port2: theirs } = new MessageChannel();
  const published = new Map<string, unknown>();
  const loggedIn = Promise.withResolvers<void>();
  ours.onmessage = ({ data }: MessageEvent<BusRequest>) => {
    if (data.kind !== "publish") return;
    published.set(data.topic, JSON.parse(String(data.payload)));
    if (data.id !== undefined) ours.postMessage({ kind: "published", id: data.id } satisfies BusReply);
    if (data.topic === TOPICS.agentStatus("nas")) loggedIn.resolve();
  };
  const heard = (kind: FromWorker["kind"]) =>
    new Promise<void>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === kind) resolve();
        else if (data.kind === "failed") reject(new Error(data.text));
      };
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
    });
  const config = { ...TEST_CONFIG, port, certPem: pem("server.cert"), keyPem: pem("server.key") };
  const init: ToWorker = {
    kind: "init",
    service: "nut_server",
    config,
    capability: { service: "nut_server", ...nutServerTopics(config) },
    log: { level: "crit", style: "plain" },
    time: REAL_TIME,
    busPort: theirs,
  };
  const ready = heard("ready");
  worker.postMessage(init, [theirs]);
  let client: LineClient | undefined;
  try {
    await ready;
    const plain = await LineClient.connect(port);
    client = plain;
    deepEqual(await plain.ask("STARTTLS"), ["OK STARTTLS"]);
    const tls = await Deno.startTls(plain.conn as Deno.TcpConn, {
      hostname: "localhost",
      caCerts: [pem("ca.cert")],
    });
    client = LineClient.over(tls);
    deepEqual(await client.askAll("USERNAME monuser", "PASSWORD secret", "LOGIN ups"), ["OK", "OK", "OK"]);
    await loggedIn.promise;
    equal((published.get(TOPICS.agentStatus("nas")) as { online: boolean }).online, true);
  } finally {
    client?.close();
    const stopped = heard("stopped");
    worker.postMessage({ kind: "stop" } satisfies ToWorker);
    await stopped;
    worker.terminate();
    ours.close();
  }
});
