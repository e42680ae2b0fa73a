import assert from "node:assert/strict";
import { Unheard, UNHEARD_LIFE_MS, UNHEARD_LIMIT } from "./unheard.ts";

const message = (topic: string) => ({ topic, payload: new Uint8Array(), retained: false });
const topics = (found: readonly { readonly topic: string }[]) => found.map(({ topic }) => topic);

Deno.test("Unheard.take() gives a service what matches its filter, once, in order, and leaves the rest", () => {
  const unheard = new Unheard();
  for (const [service, topic] of [["a", "x/1"], ["b", "x/1"], ["a", "y/1"], ["a", "x/2"]] as const) {
    unheard.keep(service, message(topic), 0);
  }
  assert.deepEqual(topics(unheard.take("a", "x/+", 1)), ["x/1", "x/2"]);
  assert.deepEqual(topics(unheard.take("a", "x/+", 1)), []);
  assert.deepEqual(topics(unheard.take("a", "#", 1)), ["y/1"]);
  assert.deepEqual(topics(unheard.take("b", "#", 1)), ["x/1"]);
});

Deno.test("Unheard.take() forgets at the end of its life and not 1 ms before", () => {
  for (const [ageMs, found] of [[UNHEARD_LIFE_MS - 1, ["x"]], [UNHEARD_LIFE_MS, []]] as const) {
    const unheard = new Unheard();
    unheard.keep("a", message("x"), 0);
    assert.deepEqual(topics(unheard.take("a", "#", ageMs)), found);
  }
});

Deno.test("Unheard.keep() beyond its limit lets the oldest go", () => {
  const unheard = new Unheard();
  for (let i = 0; i <= UNHEARD_LIMIT; i++) unheard.keep("a", message(`x/${i}`), 0);
  const found = topics(unheard.take("a", "#", 0));
  assert.equal(found.length, UNHEARD_LIMIT);
  assert.equal(found[0], "x/1");
});
