import assert from "node:assert/strict";
import type { MqttMessage } from "../../lib/mqtt/client.ts";
import { DirectWay, ECHO_MS, WATCHED_MESSAGES } from "./direct.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const from = (topic: string, text: string, retained = false): MqttMessage => ({
  topic,
  payload: bytes(text),
  retained,
  qos: 0,
});

function open(version: 4 | 5 = 5): DirectWay {
  const way = new DirectWay();
  way.connected(version);
  return way;
}

Deno.test("DirectWay hands over on MQTT 5, and leaves MQTT 3.1.1 and no connection to the broker's echo", () => {
  assert.equal(new DirectWay().send("t", bytes("a"), 0), false);
  assert.equal(open(4).send("t", bytes("a"), 0), false);
  assert.equal(open().send("t", bytes("a"), 0), true);
  const old = open(4);
  old.send("t", bytes("a"), 0);
  assert.equal(old.hear(from("t", "a"), 1), "pass");
});

Deno.test("DirectWay passes what others say: another topic, another payload, and what the broker kept", () => {
  const way = open();
  way.send("t", bytes("a"), 0);
  assert.equal(way.hear(from("u", "a"), 1), "pass");
  assert.equal(way.hear(from("t", "b"), 1), "pass");
  assert.equal(way.hear(from("t", "aa"), 1), "pass");
  assert.equal(way.hear(from("t", "a", true), 1), "pass");
  assert.equal(way.hear(from("t", "a"), 1), "first_echo");
});

Deno.test("DirectWay leaves out each echo once, the same word of somebody else passes after it", () => {
  const way = open();
  way.send("t", bytes("a"), 0);
  way.send("t", bytes("a"), 0);
  assert.equal(way.hear(from("t", "a"), 1), "first_echo");
  assert.equal(way.hear(from("t", "a"), 1), "echo");
  assert.equal(way.hear(from("t", "a"), 1), "pass");
});

Deno.test("DirectWay: echoes come in any order", () => {
  const way = open();
  way.send("t", bytes("a"), 0);
  way.send("t", bytes("b"), 0);
  assert.equal(way.hear(from("t", "b"), 1), "first_echo");
  assert.equal(way.hear(from("t", "a"), 1), "echo");
  assert.equal(way.hear(from("t", "b"), 1), "pass");
});

Deno.test("DirectWay: after the subscriptions were made anew, old echoes say nothing, a new one ends the direct way", () => {
  const way = open();
  way.send("t", bytes("a"), 0);
  way.send("t", bytes("b"), 5);
  assert.equal(way.hear(from("t", "a"), 5), "first_echo");
  assert.equal(way.hear(from("t", "b"), 6), "echo");
  assert.equal(way.send("t", bytes("c"), 6), true);
  assert.equal(way.send("t", bytes("d"), 6), true);
  assert.equal(way.hear(from("t", "c"), 7), "echoes");
  assert.equal(way.send("t", bytes("e"), 8), false);
  // It was handed over; what comes now was not.
  assert.equal(way.hear(from("t", "d"), 8), "echo");
  assert.equal(way.hear(from("t", "e"), 8), "pass");
  way.connected(5);
  assert.equal(way.send("t", bytes("f"), 9), true);
});

Deno.test("DirectWay: once it is closed, a word that is said again is heard, though it was said before", () => {
  const way = open();
  for (const word of ["a", "b", "b"]) way.send("t", bytes(word), 0);
  way.close();
  assert.equal(way.isOpen, false);
  assert.equal(way.send("t", bytes("b"), 1), false);
  assert.equal(way.hear(from("t", "b"), 2), "pass");
  assert.equal(way.hear(from("t", "a"), 2), "echo");
  assert.equal(way.send("t", bytes("a"), 3), false);
  assert.equal(way.hear(from("t", "a"), 4), "pass");
});

Deno.test("DirectWay looks for an echo up to its time and not 1 ms longer", () => {
  for (const [afterMs, heard] of [[ECHO_MS - 1, "first_echo"], [ECHO_MS, "pass"]] as const) {
    const way = open();
    way.send("t", bytes("a"), 0);
    assert.equal(way.hear(from("t", "a"), afterMs), heard);
  }
});

Deno.test("DirectWay watches the first messages of a connection, and forgets them when no echo came", () => {
  const way = open();
  for (let i = 0; i < WATCHED_MESSAGES; i++) way.send(`t/${i}`, bytes("a"), 0);
  way.send("t/late", bytes("a"), 1);
  assert.equal(way.hear(from("t/late", "a"), 2), "pass");
  assert.equal(way.hear(from(`t/${WATCHED_MESSAGES - 1}`, "a"), 2), "first_echo");
  const honest = open();
  for (let i = 0; i < WATCHED_MESSAGES; i++) honest.send(`t/${i}`, bytes("a"), 0);
  honest.send("t/late", bytes("a"), ECHO_MS);
  assert.equal(honest.hear(from("t/0", "a"), ECHO_MS - 1), "pass");
});
