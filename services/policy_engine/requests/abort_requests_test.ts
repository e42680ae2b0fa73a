import assert from "node:assert/strict";
import { settle } from "../../../lib/time/test_clock.ts";
import { BACK, house, LOST } from "../testdata/test_policy.ts";

type TestHouse = Awaited<ReturnType<typeof house>>;
const ABORT = { id: "a1", device: "Study", by: "the dashboard" };

async function ask(h: TestHouse, request: object = ABORT, retain = false) {
  h.broker.publish("power-manager/abort/request", JSON.stringify(request), { retain });
  await settle();
}
const kinds = (h: TestHouse) => h.events.map(({ kind }) => kind).filter((kind) => /held|refused/.test(kind));
const start = () => house({ takesAborts: true });

Deno.test("AbortRequests holds a running timer back for five minutes, and then the host is told", async () => {
  const h = await start();
  await h.pass(100, LOST);
  await ask(h);
  assert.deepEqual(kinds(h), ["shutdown_held"]);
  const held = h.events.find(({ kind }) => kind === "shutdown_held");
  assert.equal(held?.text, "Study: the dashboard holds the shutdown back for 5 min");
  assert.equal(h.status().timer_left_s, 300);
  await h.pass(290, LOST);
  assert.deepEqual(h.actions(), []);
  await h.pass(10, LOST);
  await h.pass(10, LOST);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("AbortRequests calls hosts off that were told, and tells them again after five minutes without another debounce", async () => {
  const h = await start();
  await h.presence(true);
  await h.pass(180, LOST);
  await h.ack("accepted");
  await ask(h);
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc"]);
  await h.ack("aborted");
  assert.match(h.status().sentence, /told to shut down in 300 s unless the grid returns/);
  await h.pass(290, LOST);
  assert.equal(h.commands.length, 2);
  await h.pass(20, LOST);
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc", "shutdown pc"]);
  await h.stop();
});

Deno.test("AbortRequests keeps its hold over a kill -9, and no longer than it was", async () => {
  const h = await start();
  await h.pass(180, LOST);
  await ask(h);
  await h.pass(100, LOST);
  await h.restart();
  await h.pass(190, LOST);
  assert.ok(!h.actions().slice(1).includes("shutdown pc"));
  await h.pass(30, LOST);
  assert.equal(h.actions().at(-1), "shutdown pc");
  await h.stop();
});

Deno.test("AbortRequests keeps a hold on a running timer over a kill -9 in the next moment", async () => {
  const h = await start();
  await h.pass(100, LOST);
  await ask(h);
  await h.restart();
  await h.pass(290, LOST);
  assert.deepEqual(h.actions(), []);
  await h.pass(30, LOST);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("AbortRequests gives way when the battery does not last for an orderly shutdown any more", async () => {
  const h = await start();
  await h.pass(190, { ...LOST, discharge_min: 60 });
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await ask(h);
  await h.pass(60, { ...LOST, discharge_min: 60 });
  assert.equal(h.actions().at(-1), "abort pc");
  await h.pass(20, { ...LOST, discharge_min: 2 });
  assert.equal(h.actions().at(-1), "shutdown pc");
  await h.stop();
});

Deno.test("AbortRequests ends with the grid: the next outage has its own debounce", async () => {
  const h = await start();
  await h.pass(180, LOST);
  await ask(h);
  await h.pass(30, BACK);
  await h.pass(400, LOST);
  assert.equal(h.actions().at(-1), "shutdown pc");
  await h.stop();
});

Deno.test("AbortRequests refuses with the reason, in the journal: nothing pending, no such station, too little time", async () => {
  const h = await start();
  await h.pass(60, BACK);
  await ask(h);
  await h.pass(60, { soc: 80, grid_connected: false });
  await ask(h);
  await ask(h, { ...ABORT, device: "Attic" });
  await h.pass(60, { ...LOST, discharge_min: 6 });
  await ask(h);
  assert.deepEqual(kinds(h), Array(4).fill("abort_refused"));
  const texts = h.events.filter(({ kind }) => kind === "abort_refused").map(({ text }) => text);
  assert.match(texts[0] ?? "", /no shutdown is pending/);
  assert.match(texts[1] ?? "", /no shutdown is pending/);
  assert.match(texts[2] ?? "", /there is no station "Attic"/);
  assert.match(
    texts[3] ?? "",
    /the battery lasts for about 6 min, and waiting and an orderly shutdown need 10 min$/,
  );
  await h.pass(180, { ...LOST, discharge_min: 6 });
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("AbortRequests is not moved by what the broker kept, nor by a payload that is no request", async () => {
  const h = await start();
  await ask(h, ABORT, true);
  h.broker.publish("power-manager/abort/request", '{"id":"x","device":"Study","until":"noon"}');
  await settle();
  assert.match(h.log().text(), /PAYLOAD REFUSED topic=power-manager\/abort\/request/);
  await h.restart();
  await h.pass(190, LOST);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  // Only the first one, which came live.
  assert.deepEqual(kinds(h), ["abort_refused"]);
  await h.stop();
});
