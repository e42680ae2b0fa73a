import assert from "node:assert/strict";
import { findRoom, KEPT_PLACES } from "./places.ts";

/** `a` idle, `A` answered; a letter is a network. The oldest first. */
function room(newcomer: string, line: string, { logins = "", total = 6, perNetwork = 5 } = {}): string {
  const occupants = Array.from(line, (letter, index) => ({
    network: letter.toLowerCase(),
    isIdle: letter === letter.toLowerCase(),
    index,
  }));
  const found = findRoom(newcomer, occupants, (name) => logins.includes(name), { total, perNetwork });
  return found.kind === "displace" ? `${found.who.network}${found.who.index}` : found.kind;
}

const rows: readonly {
  readonly name: string;
  readonly newcomer: string;
  readonly line: string;
  readonly logins?: string;
  readonly room: string;
}[] = [
  { name: "one place less than all", newcomer: "o", line: "aaBBc", room: "free" },
  {
    name: "all places: the oldest idle one of the busiest network goes",
    newcomer: "o",
    line: "bacaab",
    room: "a1",
  },
  { name: "an answered one stays while another is idle", newcomer: "o", line: "AAAAAb", room: "b5" },
  { name: "all alike: the oldest idle one goes", newcomer: "o", line: "abcdef", room: "a0" },
  { name: "the newcomer's own network may be the busiest", newcomer: "a", line: "bbacac", room: "a2" },
  {
    name: "all answered: the busiest network's oldest goes for who has less",
    newcomer: "o",
    line: "BAAABB",
    room: "b0",
  },
  { name: "all answered, one more than the newcomer would have", newcomer: "o", line: "AABCDE", room: "a0" },
  {
    name: "all answered, nobody has more than the newcomer would have",
    newcomer: "o",
    line: "ABCDEF",
    room: "none",
  },
  { name: "all answered, the newcomer would have most", newcomer: "a", line: "AABBCC", room: "none" },
  { name: "one less than one network may have", newcomer: "a", line: "aaaa", room: "free" },
  {
    name: "as many as one network may have: its own oldest idle one goes",
    newcomer: "a",
    line: "AaaAA",
    room: "a1",
  },
  { name: "as many as one network may have, all answered", newcomer: "a", line: "AAAAA", room: "none" },
  { name: "a log-in gets a place among equals", newcomer: "o", line: "ABCDEF", logins: "o", room: "a0" },
  { name: "a log-in keeps its idle places", newcomer: "x", line: "oooaBB", logins: "o", room: "a3" },
  {
    name: "a log-in keeps its places from who has less",
    newcomer: "x",
    line: "OOOOAB",
    logins: "o",
    room: "none",
  },
  {
    name: "log-ins only: one more does not displace them",
    newcomer: "o",
    line: "OOOPPP",
    logins: "op",
    room: "none",
  },
];

for (const { name, newcomer, line, logins, room: wanted } of rows) {
  Deno.test(`findRoom() ${name}`, () => assert.equal(room(newcomer, line, { logins }), wanted));
}

Deno.test("findRoom() keeps so many places for a log-in, and no more", () => {
  const asked = (count: number) =>
    room("x", "o".repeat(count), { logins: "o", total: count, perNetwork: count });
  assert.equal(asked(KEPT_PLACES), "none");
  assert.equal(asked(KEPT_PLACES + 1), "o0");
  const owed = (count: number) =>
    room("o", "O".repeat(count) + "ABC", { logins: "o", total: count + 3, perNetwork: 99 });
  assert.equal(owed(KEPT_PLACES - 1), `a${KEPT_PLACES - 1}`);
  assert.equal(owed(KEPT_PLACES), "none");
});
