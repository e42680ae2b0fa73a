import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { MqttClient, MqttConnectOptions, MqttDown } from "./client.ts";
import { startEmbeddedBroker } from "./embedded_broker.ts";
import { connectMqtt } from "./npm_client.ts";
import { MAX_PACKET_BYTES } from "./packet_filter.ts";
import { createServer as createTlsServer } from "node:tls";
import { type CertificateOptions, createAuthority } from "../certificates.ts";
import { freePort, startMosquitto } from "../../scripts/simulate/mosquitto.ts";

interface Opened {
  readonly client: MqttClient;
  readonly up: Promise<boolean>;
  readonly down: Promise<MqttDown>;
  readonly downs: MqttDown[];
  readonly heard: string[];
  readonly leftOut: string[];
}

function open(port: number, options: Partial<MqttConnectOptions> = {}): Opened {
  const up = Promise.withResolvers<boolean>();
  const down = Promise.withResolvers<MqttDown>();
  const [downs, heard, leftOut]: [MqttDown[], string[], string[]] = [[], [], []];
  const client = connectMqtt({
    host: "127.0.0.1",
    port,
    clientId: `test-${crypto.randomUUID().slice(0, 8)}`,
    username: "user-secret",
    password: "pass-secret",
    protocolVersion: 4,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 2000,
    ...options,
  }, {
    onUp: (sessionPresent) => up.resolve(sessionPresent),
    onDown: (reason) => {
      downs.push(reason);
      down.resolve(reason);
    },
    onMessage: ({ topic, payload }) => heard.push(`${topic}=${new TextDecoder().decode(payload)}`),
    onLeftOut: (topic, bytes) => leftOut.push(`${topic}: ${bytes}`),
  });
  return { client, up: up.promise, down: down.promise, downs, heard, leftOut };
}

/** Publishes `bytes` zeros, retained, with a program that has no limit of its own. */
async function raw(port: number, topic: string, bytes: number): Promise<void> {
  const args = ["-p", String(port), "-t", topic, "-q", "1", "-r", "-s"];
  const child = new Deno.Command("mosquitto_pub", { args, stdin: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new Uint8Array(bytes));
  await writer.close();
  assert.ok((await child.status).success);
}

/** A server that does with its connections what a test wants. */
async function startServer(serve: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** CONNACK of MQTT 3.1.1: accepted. */
const CONNACK = Uint8Array.of(0x20, 0x02, 0x00, 0x00);

const faults: readonly {
  name: string;
  serve: (socket: Socket) => void;
  options?: Partial<MqttConnectOptions>;
  kind: MqttDown["kind"];
  code?: number;
  text: RegExp;
  wasUp?: boolean;
  isUnanswered?: boolean;
}[] = [
  {
    name: "a close before CONNACK",
    serve: (socket) => socket.once("data", () => socket.end()),
    kind: "closed",
    text: /closed before it was accepted/,
    isUnanswered: true,
  },
  {
    name: "a reset before CONNACK",
    serve: (socket) => socket.once("data", () => socket.resetAndDestroy()),
    kind: "closed",
    text: /127\.0\.0\.1:\d+: /,
    isUnanswered: true,
  },
  {
    name: "a close in the middle of CONNACK",
    serve: (socket) => socket.once("data", () => socket.end(Uint8Array.of(0x20))),
    kind: "closed",
    text: /closed before it was accepted/,
  },
  {
    name: "a close after CONNACK",
    serve: (socket) => socket.once("data", () => socket.end(CONNACK)),
    kind: "closed",
    text: /connection was closed/,
    wasUp: true,
  },
  {
    name: "CONNACK 5",
    serve: (socket) => socket.once("data", () => socket.end(Uint8Array.of(0x20, 0x02, 0x00, 0x05))),
    kind: "refused",
    code: 5,
    text: /Not authorized/,
  },
  {
    name: "a broker that says nothing",
    serve: () => {},
    options: { connectTimeoutMs: 100 },
    kind: "network",
    text: /timeout/,
  },
  {
    name: "text instead of MQTT",
    serve: (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    kind: "network",
    text: /127\.0\.0\.1:\d+: /,
  },
  {
    name: "a packet that is too large and no message",
    serve: (socket) =>
      socket.once("data", () => socket.write(Uint8Array.of(...CONNACK, 0x40, 0xff, 0xff, 0xff, 0x7f))),
    kind: "closed",
    text: new RegExp(`packet of 268435460 bytes, at most ${MAX_PACKET_BYTES}`),
  },
  {
    name: "DISCONNECT 142 of MQTT 5",
    serve: (socket) =>
      socket.once("data", () => socket.end(Uint8Array.of(0x20, 0x03, 0x00, 0x00, 0x00, 0xe0, 0x01, 0x8e))),
    options: { protocolVersion: 5 },
    kind: "closed",
    code: 142,
    wasUp: true,
    text: /disconnected us: Session taken over/,
  },
  {
    name: "text instead of TLS",
    serve: (socket) => socket.end("220 hello\r\n"),
    options: { tls: {} },
    kind: "tls",
    text: /127\.0\.0\.1:\d+: /,
  },
  {
    name: "a close in the middle of the TLS handshake",
    serve: (socket) => socket.once("data", () => socket.end()),
    options: { tls: {} },
    kind: "network",
    text: /before secure TLS connection/,
  },
];

for (const { name, serve, options, kind, code, text, wasUp = false, isUnanswered } of faults) {
  Deno.test(`connectMqtt() tells ${name} once, without the credentials`, async () => {
    const server = await startServer(serve);
    const { client, down, downs } = open(server.port, options);
    const reason = await down;
    assert.deepEqual([reason.kind, reason.code, reason.wasUp], [kind, code, wasUp], reason.text);
    assert.equal(reason.isUnanswered, isUnanswered);
    assert.match(reason.text, text);
    assert.doesNotMatch(reason.text, /secret/);
    await client.close();
    await client.close();
    await server.stop();
    assert.equal(downs.length, 1);
  });
}

Deno.test("connectMqtt() tells a close over TLS before CONNACK as unanswered, and one in the middle of it not", async () => {
  const authority = await createAuthority();
  const { cert, key } = await authority.issue();
  for (const [answer, isUnanswered] of [[[], true], [[0x20], undefined]] as const) {
    const server = createTlsServer({ cert, key }, (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(Uint8Array.from(answer)));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { client, down } = open(port, { protocolVersion: 5, tls: { ca: authority.caPem } });
    const reason = await down;
    assert.deepEqual([reason.kind, reason.isUnanswered], ["closed", isUnanswered]);
    await client.close();
    server.close();
    await once(server, "close");
  }
});

Deno.test("connectMqtt() tells a name that nobody knows as a network fault", async () => {
  const { client, down } = open(1883, { host: "nobody.invalid" });
  assert.equal((await down).kind, "network");
  await client.close();
});

Deno.test("MqttClient.close() ends a connection attempt without an event", async () => {
  const server = await startServer(() => {});
  const { client, downs } = open(server.port);
  await client.close();
  await server.stop();
  assert.deepEqual(downs, []);
});

Deno.test("MqttClient.close() cuts a broker that does not answer the goodbye, and rejects what was waiting", async () => {
  const server = await startServer((socket) => {
    socket.once("data", () => socket.write(CONNACK));
    socket.on("data", () => {});
  });
  const { client, up, downs } = open(server.port);
  await up;
  const publishing = assert.rejects(client.publish("t", "x", { qos: 1 }), /connection ended/);
  const subscribing = assert.rejects(client.subscribe("t", 1), /connection ended/);
  await client.close();
  await publishing;
  await subscribing;
  await server.stop();
  assert.deepEqual(downs, []);
});

Deno.test("MqttClient.publish() rejects what was not acknowledged when the connection ends", async () => {
  const server = await startServer((socket) => {
    socket.once("data", () => {
      socket.write(CONNACK);
      socket.on("data", () => socket.destroy());
    });
  });
  const { client, up, down } = open(server.port);
  await up;
  await assert.rejects(client.publish("t", "x", { qos: 1 }), /connection ended/);
  assert.equal((await down).wasUp, true);
  await assert.rejects(client.publish("t", "x"), /Cannot publish "t": not connected/);
  await client.close();
  await server.stop();
});

Deno.test("MqttClient.publish() takes the largest payload and refuses one byte more", async () => {
  const broker = await startMosquitto();
  const { client, up } = open(broker.port, { protocolVersion: 5 });
  await up;
  await client.publish("t", new Uint8Array(MAX_PACKET_BYTES), { qos: 1 });
  await assert.rejects(
    client.publish("t", new Uint8Array(MAX_PACKET_BYTES + 1)),
    /Cannot publish "t": must have at most 1048576 bytes, found 1048577/,
  );
  await client.close();
  await broker.stop();
});

for (
  const [name, version, start] of [
    ["Mosquitto with MQTT 5", 5, () => startMosquitto()],
    ["Mosquitto with MQTT 3.1.1", 4, () => startMosquitto()],
    ["the embedded broker", 4, () => startEmbeddedBroker({ port: 0, host: "127.0.0.1" })],
  ] as const
) {
  Deno.test(`connectMqtt() is kicked by its double on ${name}; the will tells it, a goodbye does not`, async () => {
    const broker = await start();
    const will = { topic: "will", payload: "gone", retain: true, qos: 1 } as const;
    const watcher = open(broker.port, { protocolVersion: version });
    await watcher.up;
    await watcher.client.subscribe("will", 1);
    const first = open(broker.port, { protocolVersion: version, clientId: "same", will });
    await first.up;
    const second = open(broker.port, { protocolVersion: version, clientId: "same", will });
    const reason = await first.down;
    assert.deepEqual([reason.kind, reason.wasUp], ["closed", true]);
    await second.up;
    while (watcher.heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await second.client.close();
    await watcher.client.publish("will", "marker", { qos: 1 });
    while (!watcher.heard.includes("will=marker")) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(watcher.heard, ["will=gone", "will=marker"]);
    await watcher.client.close();
    await first.client.close();
    await broker.stop();
  });
}

Deno.test("connectMqtt() leaves out what is too large at a broker without a limit, and goes on", async () => {
  const broker = await startMosquitto({ saves: "seldom" });
  const sender = open(broker.port);
  await sender.up;
  const bytes = 2 * MAX_PACKET_BYTES;
  // More than Mosquitto hands out without an acknowledgement.
  for (let i = 0; i < 25; i++) await raw(broker.port, `large/${i}`, bytes);
  const { client, up, downs, heard, leftOut } = open(broker.port, {
    clientId: "daemon",
    cleanSession: false,
  });
  await up;
  await client.subscribe("#", 1);
  await sender.client.publish("small", "x", { qos: 1 });
  while (!heard.includes("small=x")) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([heard, downs], [["small=x"], []]);
  assert.equal(leftOut.length, 25);
  assert.deepEqual(leftOut[0], `large/0: ${bytes + 16}`);
  await sender.client.publish("small", "y", { qos: 1 });
  while (!heard.includes("small=y")) await new Promise((resolve) => setTimeout(resolve, 5));
  await client.close();
  await sender.client.close();
  await broker.stop();
});

Deno.test("MqttClient.publish() lets a message of MQTT 5 expire in a waiting session", async () => {
  const broker = await startMosquitto();
  const session = {
    clientId: "later",
    protocolVersion: 5,
    cleanSession: false,
    sessionExpirySec: 60,
  } as const;
  const first = open(broker.port, session);
  await first.up;
  await first.client.subscribe("cmd/+", 1);
  await first.client.close();
  const sender = open(broker.port, { protocolVersion: 5 });
  await sender.up;
  await sender.client.publish("cmd/short", "x", { qos: 1, expirySec: 1 });
  await sender.client.publish("cmd/long", "x", { qos: 1, expirySec: 60 });
  // The broker's own clock: it cannot be moved.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const second = open(broker.port, session);
  await second.up;
  while (second.heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(second.heard, ["cmd/long=x"]);
  await second.client.close();
  await sender.client.close();
  await broker.stop();
});

Deno.test("MqttClient.subscribe() rejects a filter that the broker refuses", async () => {
  // Mosquitto grants a filter that its access list forbids and then sends nothing: only a broken one is refused.
  const broker = await startEmbeddedBroker({
    port: 0,
    host: "127.0.0.1",
    authorize: ({ action, topic }) => action === "publish" || topic === "open",
  });
  const { client, up } = open(broker.port);
  await up;
  await client.subscribe("open", 1);
  await assert.rejects(client.subscribe("closed", 1), /Cannot subscribe "closed"/);
  await client.close();
  await broker.stop();
});

Deno.test("connectMqtt() is told by the embedded broker that it does not speak MQTT 5", async () => {
  const broker = await startEmbeddedBroker({ port: 0, host: "127.0.0.1" });
  const { client, down } = open(broker.port, { protocolVersion: 5 });
  const { kind, code } = await down;
  assert.deepEqual([kind, code], ["refused", 1]);
  await client.close();
  await broker.stop();
});

const certificates: readonly {
  name: string;
  certificate?: CertificateOptions;
  tls?: { serverName?: string };
  trusted?: boolean;
  outcome: RegExp;
}[] = [
  { name: "its authority and address", outcome: /^up$/ },
  {
    name: "a server name of its own",
    certificate: { names: ["broker.example"] },
    tls: { serverName: "broker.example" },
    outcome: /^up$/,
  },
  { name: "another name", certificate: { names: ["other.example"] }, outcome: /^tls .*altnames/ },
  {
    name: "an expired certificate",
    certificate: { notBeforeMs: Date.now() - 7_200_000, notAfterMs: Date.now() - 3_600_000 },
    outcome: /^tls .*it has expired/,
  },
  {
    name: "an authority that it was not told to trust",
    trusted: false,
    outcome: /^tls .*authority is unknown/,
  },
];

for (const { name, certificate, tls, trusted = true, outcome } of certificates) {
  Deno.test(`connectMqtt() over TLS meets ${name}`, async () => {
    const authority = await createAuthority();
    const broker = await startMosquitto({ tls: await authority.issue(certificate) });
    const ca = trusted ? authority.caPem : undefined;
    for (const protocolVersion of [4, 5] as const) {
      const { client, up, down } = open(broker.port, { protocolVersion, tls: { ca, ...tls } });
      const seen = await Promise.race([
        up.then(() => "up"),
        down.then(({ kind, text }) => `${kind} ${text}`),
      ]);
      assert.match(seen, outcome);
      await client.close();
    }
    await broker.stop();
  });
}

Deno.test("connectMqtt() reports a host that this process may not reach, and does not throw", async () => {
  const port = freePort();
  const worker = new Worker(new URL("./testdata/forbidden_host_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
  const reason = await new Promise<MqttDown>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(port);
  });
  worker.terminate();
  assert.equal(reason.kind, "network");
  assert.match(reason.text, /net access/i);
});

Deno.test("connectMqtt() shows its client certificate, and is not let in without one", async () => {
  const authority = await createAuthority();
  const tls = await authority.issue();
  const broker = await startMosquitto({ tls, clientCa: authority.caPem });
  const own = await authority.issue({ commonName: "ecoflow-power", usage: "client" });
  const known = open(broker.port, { protocolVersion: 5, tls: { ca: authority.caPem, ...own } });
  assert.equal(await known.up, false);
  await known.client.close();
  const nobody = open(broker.port, { protocolVersion: 5, tls: { ca: authority.caPem } });
  const reason = await nobody.down;
  assert.deepEqual([reason.wasUp, reason.isUnanswered], [false, undefined], reason.text);
  await broker.stop();
});
