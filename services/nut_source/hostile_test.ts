/** The worker's own loop on real sockets against a server that is late, endless, cut, dead or two-faced. */
import assert from "node:assert/strict";
import { createHealth } from "../../lib/health.ts";
import { parseSourceReading, type SourceReading } from "../../lib/messages/source_reading.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { memoryLog } from "../../lib/testing.ts";
import { systemClock } from "../../lib/time/clock.ts";
import { until } from "../nut_server/testdata/debian_programs.ts";
import { NutSourceService } from "./service.ts";
import { type HostileNut, listOf, type Manners, withHostileNut } from "./testdata/hostile_nut.ts";

const topics = topicsUnder(DEFAULT_ROOTS);
/** A tenth of life, so that the test is short; an answer has as long. */
const POLL_MS = 250;
const GOOD = { "ups.status": "OB", "battery.charge": 40 };

const good: Manners = (line, socket) => {
  const ups = /^LIST VAR (\S+)$/.exec(line)?.[1] ?? "";
  socket.write(listOf(ups, GOOD));
};

interface Watched {
  readonly server: HostileNut;
  readonly said: Map<string, SourceReading[]>;
  readonly health: () => string;
  readonly log: () => string;
}

/** Two stations at one server. */
const watched = (manners: Manners, run: (parts: Watched) => Promise<void>) =>
  withHostileNut(manners, async (server) => {
    const clock = systemClock();
    const broker = new MemoryBroker(clock);
    const health = createHealth();
    const log = memoryLog("nut_source");
    const said = new Map<string, SourceReading[]>([["A", []], ["B", []]]);
    for (const device of said.keys()) {
      const topic = topics.source(device);
      broker.bus({ service: "test", publishes: [], subscribes: [topic] }).subscribe(
        topic,
        ({ payload }) => void said.get(device)?.push(parseSourceReading(payload, "test")),
        { qos: 0 },
      );
    }
    const service = new NutSourceService({
      name: "nut_source",
      config: {
        roots: DEFAULT_ROOTS,
        sources: ["A", "B"].map((device) => ({
          device,
          ups: device.toLowerCase(),
          host: "127.0.0.1",
          port: server.port,
        })),
        pollMs: POLL_MS,
      },
      bus: broker.bus({
        service: "nut_source",
        publishes: ["A", "B"].map((device) => topics.source(device)),
        subscribes: [],
      }),
      clock,
      log,
      health,
      random: () => 0.5,
    });
    await service.start();
    try {
      await run({
        server,
        said,
        health: () => health.list().map(({ text }) => text).join("; "),
        log: () => log.text(),
      });
    } finally {
      await service.stop();
    }
  });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const broken: readonly (readonly [string, Manners, RegExp])[] = [
  [
    "answers late",
    (line, socket) => void setTimeout(() => good(line, socket), 2 * POLL_MS),
    /no answer in time/,
  ],
  [
    "answers half",
    (_, socket) => void socket.write('BEGIN LIST VAR a\nVAR a ups.status "OB"\n'),
    /no answer in time/,
  ],
  [
    "closes in the middle",
    (_, socket) => void socket.end('BEGIN LIST VAR a\nVAR a ups.status "OB"\n'),
    /whole list/,
  ],
  ["closes at once", (_, socket) => void socket.destroy(), /./],
  ["sends one endless line", (_, socket) => void socket.write("x".repeat(200_000)), /more than 65536 bytes/],
  ["sends an endless list", (_, socket) => {
    socket.write(`BEGIN LIST VAR a\n${'VAR a ups.status "OB"\n'.repeat(10_000)}`);
  }, /more than 65536 bytes/],
  ["drips newlines", (_, socket) => {
    const timer = setInterval(() => socket.destroyed ? clearInterval(timer) : socket.write("\n"), 5);
    socket.on("close", () => clearInterval(timer));
  }, /no answer in time/],
  ["refuses", (_, socket) => void socket.write("ERR ACCESS-DENIED\n"), /ACCESS-DENIED/],
  ["has no driver", (_, socket) => void socket.write("ERR DRIVER-NOT-CONNECTED\n"), /DRIVER-NOT-CONNECTED/],
];

for (const [name, manners, problem] of broken) {
  Deno.test(`NutSourceService says nothing of a server that ${name}, leaves nothing open, and is there when it is well`, () =>
    watched(manners, async ({ server, said, health, log }) => {
      await until(`the problem: ${health()}`, () => problem.test(health()), 5000);
      await pause(6 * POLL_MS);
      assert.deepEqual([...said.values()].flat(), [], "nothing was said");
      const { all, open } = server.counts();
      assert.ok(open <= 4, `${open} connections are open`);
      assert.ok(all <= 30, `${all} connections in about ten polls of two stations`);
      assert.equal(log().match(/SOURCE SILENT/g)?.length, 2, "told once of each");
      server.behave(good);
      await until(
        "both are believed",
        () => [...said.values()].every((all) => all.at(-1)?.grid === false),
        5000,
      );
      await until("nothing is wrong", () => health() === "", 5000);
    }));
}

Deno.test("NutSourceService reads one UPS of a server while it says nothing of another", () =>
  watched(
    (line, socket) => line.endsWith(" b") ? socket.write("ERR DATA-STALE\n") : good(line, socket),
    async (
      { said, health },
    ) => {
      await until("A is believed", () => said.get("A")?.at(-1)?.grid === false, 5000);
      assert.match(health(), /^"B" by cable is silent: it answered "ERR DATA-STALE"/);
      assert.deepEqual(said.get("B"), []);
    },
  ));

Deno.test("NutSourceService reads an answer that comes byte by byte, with \\r\\n", () =>
  watched((line, socket) => {
    socket.setNoDelay(true);
    const ups = line.slice("LIST VAR ".length);
    const bytes = [...listOf(ups, GOOD).replaceAll("\n", "\r\n")];
    const next = () => {
      const byte = bytes.shift();
      if (byte !== undefined && !socket.destroyed) socket.write(byte, next);
    };
    next();
  }, async ({ said }) => {
    await until("A is believed", () => said.get("A")?.at(-1)?.grid === false, 5000);
    assert.equal(said.get("A")?.at(-1)?.soc, 40);
  }));
