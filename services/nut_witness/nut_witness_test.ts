import assert from "node:assert/strict";
import { DEFAULT_ROOTS } from "../../lib/mqtt/topics.ts";
import { settle } from "../../lib/test_clock.ts";
import { testContext } from "../../lib/testing.ts";
import { ANSWER_MS, ASK_EVERY_MS, type ConnectUps, NutWitness, type UpsConnection } from "./service.ts";
import { readStatusAnswer } from "./ups_reading.ts";

const answers: readonly [line: string, gridConnected: boolean | undefined][] = [
  ['VAR ups ups.status "OL"', true],
  ['VAR ups ups.status "OL CHRG"\r', true],
  ['VAR UPS ups.status "OB DISCHRG LB"', false],
  ['VAR ups ups.status "FSD OB LB"', false],
  ['VAR ups ups.status "BYPASS"', undefined],
  ['VAR ups ups.status ""', undefined],
  ['VAR ups ups.status "OL OB"', undefined],
];
for (const [line, gridConnected] of answers) {
  Deno.test(`readStatusAnswer() of ${line.trim()} is ${gridConnected}`, () => {
    assert.equal(readStatusAnswer(line).gridConnected, gridConnected);
  });
}

for (const line of ["ERR DATA-STALE", "ERR UNKNOWN-UPS", "", 'VAR ups battery.charge "50"', "OL"]) {
  Deno.test(`readStatusAnswer() refuses ${JSON.stringify(line)} and shows it`, () => {
    assert.throws(
      () => readStatusAnswer(line),
      (error: Error) => error.message.includes(JSON.stringify(line)),
    );
  });
}

/** A server whose answers a test sets; undefined: it never answers. */
function house(answer: () => string | undefined) {
  const topic = "power-manager/witness/nut";
  const context = testContext(
    { service: "nut_witness", publishes: [topic], subscribes: [] },
    { roots: DEFAULT_ROOTS, ups: "ups", host: "192.0.2.1", port: 3493 },
  );
  const told: boolean[] = [];
  context.broker.watch((message) => {
    if (message.topic === topic) {
      told.push(JSON.parse(new TextDecoder().decode(message.payload)).grid_connected);
    }
  });
  const asked: string[] = [];
  let open = 0;
  const connect: ConnectUps = () => {
    open++;
    let closed = false;
    const closing = Promise.withResolvers<null>();
    const connection: UpsConnection = {
      write: (bytes) => {
        asked.push(new TextDecoder().decode(bytes));
        return Promise.resolve(bytes.length);
      },
      read: (buffer) => {
        const text = answer();
        if (text === undefined) return closing.promise;
        return Promise.resolve(new TextEncoder().encodeInto(text, buffer).written);
      },
      close: () => {
        if (closed) throw new Error("closed twice");
        closed = true;
        open--;
        closing.resolve(null);
      },
    };
    return Promise.resolve(connection);
  };
  return { context, told, asked, open: () => open, witness: new NutWitness(context, connect) };
}

Deno.test("NutWitness tells what it hears each time, and nothing when the status says nothing", async () => {
  let status = "OL";
  const h = house(() => `VAR ups ups.status "${status}"\n`);
  await h.witness.start();
  await settle();
  status = "OB";
  await h.context.clock.advance(ASK_EVERY_MS);
  status = "BYPASS";
  await h.context.clock.advance(ASK_EVERY_MS);
  assert.deepEqual(h.told, [true, false]);
  assert.equal(h.asked[0], "GET VAR ups ups.status\n");
  await h.witness.stop();
  assert.equal(h.open(), 0);
  assert.equal(h.context.clock.pending, 0);
});

Deno.test("NutWitness says nothing while the server is silent or refuses, warns once, and comes back", async () => {
  let text: string | undefined;
  const h = house(() => text);
  await h.witness.start();
  await h.context.clock.advance(ANSWER_MS + ASK_EVERY_MS - 1);
  assert.deepEqual(h.context.health.list().map(({ code }) => code), ["witness_silent"]);
  text = "ERR DATA-STALE\n";
  await h.context.clock.advance(ASK_EVERY_MS * 3);
  assert.deepEqual(h.told, []);
  assert.equal(h.context.log.entries.filter(({ text }) => text === "WITNESS SILENT").length, 1);
  text = 'VAR ups ups.status "OL"\n';
  await h.context.clock.advance(ASK_EVERY_MS * 2);
  assert.ok(h.told.length > 0 && h.told.every(Boolean));
  assert.deepEqual(h.context.health.list(), []);
  await h.witness.stop();
  assert.equal(h.open(), 0);
});

Deno.test("NutWitness refuses an answer that never ends", async () => {
  const h = house(() => "x".repeat(600));
  await h.witness.start();
  await settle();
  assert.match(h.context.log.text(), /at most 512 bytes/);
  await h.witness.stop();
});
