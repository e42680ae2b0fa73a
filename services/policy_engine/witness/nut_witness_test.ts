import assert from "node:assert/strict";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { type AskNut, askOverTcp } from "../../../lib/nut/client.ts";
import { readUpsStatus } from "../../../lib/nut/ups_vars.ts";
import { ANSWER_LIMIT_MS, ASK_EVERY_MS, NutWitness } from "./nut_witness.ts";

for (
  const [line, reading] of [
    ['VAR ups ups.status "OL"', true],
    ['VAR ups ups.status "OL CHRG"\r', true],
    ['VAR ups ups.status "OB DISCHRG LB"', false],
    ['VAR ups ups.status "FSD OB LB"', false],
    ['VAR ups ups.status "OFF"', undefined],
    ['VAR ups ups.status "OL OB"', undefined],
    ['VAR ups ups.status ""', undefined],
    ['VAR ups ups.load "OL"', undefined],
    ["ERR DATA-STALE", undefined],
    ["", undefined],
  ] as const
) {
  Deno.test(`readUpsStatus() reads ${JSON.stringify(line)} as ${reading}`, () => {
    assert.equal(readUpsStatus(line), reading);
  });
}

const TARGET = { host: "127.0.0.1", port: 1, ups: "ups" };

Deno.test("NutWitness asks on and on, says when it is silent and when it answers again, once each", async () => {
  const clock = new TestClock();
  const log = memoryLog();
  const answers = ['VAR ups ups.status "OL"', "ERR DATA-STALE", "ERR DATA-STALE", 'VAR ups ups.status "OB"'];
  const readings: boolean[] = [];
  const ask: AskNut = (_target, question) => {
    assert.equal(question, "GET VAR ups ups.status\n");
    return Promise.resolve(answers.shift() ?? "");
  };
  const witness = new NutWitness("rack", TARGET, {
    clock,
    log,
    ask,
    onWord: (reading) => readings.push(reading),
  });
  witness.start();
  await clock.advance(3 * ASK_EVERY_MS);
  assert.deepEqual(readings, [true, false]);
  assert.deepEqual(log.entries.map(({ text }) => text), ["WITNESS SILENT", "WITNESS ANSWERS AGAIN"]);
  witness.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("NutWitness gives a server up that does not answer in time, and asks again", async () => {
  const clock = new TestClock();
  const log = memoryLog();
  let asked = 0;
  const ask: AskNut = (_target, _question, signal) => {
    asked++;
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const witness = new NutWitness("rack", TARGET, { clock, log, ask, onWord: () => assert.fail() });
  witness.start();
  await clock.advance(ANSWER_LIMIT_MS);
  assert.match(log.text(), /WITNESS SILENT witness=rack reason="no answer in time"/);
  await clock.advance(ASK_EVERY_MS);
  assert.equal(asked, 2);
  witness.stop();
  await settle();
  assert.equal(log.entries.length, 1, "being stopped is no silence");
});

Deno.test("askOverTcp() gets one line from a server, in pieces too, and lets go of one that says nothing", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const serve = async (pieces: readonly string[]) => {
    const connection = await listener.accept();
    const buffer = new Uint8Array(100);
    const count = await connection.read(buffer) ?? 0;
    for (const piece of pieces) await connection.write(new TextEncoder().encode(piece));
    return { connection, question: new TextDecoder().decode(buffer.subarray(0, count)) };
  };
  try {
    const answer = askOverTcp({ ...TARGET, port }, "GET VAR ups ups.status\n", new AbortController().signal);
    const { connection, question } = await serve(["VAR ups ups.", 'status "OL"\nmore\n']);
    assert.equal(await answer, 'VAR ups ups.status "OL"');
    assert.equal(question, "GET VAR ups ups.status\n");
    connection.close();

    const controller = new AbortController();
    const hanging = askOverTcp({ ...TARGET, port }, "x\n", controller.signal);
    const silent = await serve([]);
    controller.abort(new Error("enough"));
    await assert.rejects(hanging, /enough/);
    silent.connection.close();
  } finally {
    listener.close();
  }
  await assert.rejects(askOverTcp({ ...TARGET, port }, "x\n", new AbortController().signal));
});
