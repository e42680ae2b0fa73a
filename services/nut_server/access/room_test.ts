import { deepEqual, equal } from "node:assert/strict";
import { AddressBook } from "./limits.ts";
import { type Guest, placesFor, whoMakesRoom, whoOfMany } from "./room.ts";

/** Written as `address lastLine`, with a `*` when it is logged in. */
function guestsOf(text: string): (Guest & { readonly name: string })[] {
  return text.split(", ").filter((part) => part !== "").map((name) => {
    const [address = "", last = ""] = name.split(" ");
    return { name, address, isLoggedIn: last.endsWith("*"), lastLineMonoMs: parseInt(last) };
  });
}

Deno.test("whoMakesRoom() takes the idlest of the address that has most", () => {
  const rows: readonly (readonly [name: string, guests: string, known: string, gone: string | undefined])[] =
    [
      ["nobody there", "", "", undefined],
      ["one address: its idlest", "a 3, a 1, a 2", "", "a 1"],
      ["not the globally idlest", "b 1, a 3, a 2, a 4", "", "a 2"],
      ["as many each: the idlest of all", "b 1, a 3, b 5, a 2", "", "b 1"],
      ["logged-in ones stay", "a 1*, a 2*, b 3", "", "b 3"],
      ["and do not count for their address", "a 1*, a 2*, a 4, b 3, b 5", "", "b 3"],
      ["all are logged in", "a 1*, b 2*", "", undefined],
      ["the only one of a known address stays", "a 1, b 3", "a", "b 3"],
      ["but no second one", "a 1, a 2, b 3", "a", "a 1"],
      ["nobody else can go", "a 1, b 2*", "a", undefined],
    ];
  for (const [name, guests, known, gone] of rows) {
    equal(whoMakesRoom(guestsOf(guests), (address) => known.includes(address))?.name, gone, name);
  }
});

Deno.test("placesFor() keeps a place for each known address that is away, and not from itself", () => {
  const places = (newcomer: string, known: string[], guests: string) =>
    placesFor(newcomer, 10, known, guestsOf(guests));
  equal(places("x", [], "a 1"), 10);
  equal(places("x", ["a", "b"], "c 1"), 8);
  equal(places("x", ["a", "b"], "a 1"), 9);
  equal(places("a", ["a", "b"], "c 1"), 10);
});

Deno.test("AddressBook keeps the addresses of the first log-ins, a quarter of the places at most, for a week", () => {
  const book = new AddressBook({ connectsPerSec: 1, failedLogins: 1, maxConnections: 12 });
  const week = 7 * 86_400_000;
  for (const address of ["a", "b", "c", "a", "d"]) book.noteLogin(address, 0);
  deepEqual(book.known, ["a", "b", "c"]);
  book.noteLogin("b", 1);
  book.forget(week - 1);
  equal(book.known.length, 3);
  book.forget(week);
  deepEqual(book.known, ["b"]);
});

Deno.test("whoOfMany() takes the idlest session of the address that has most, and of nobody who has three or less", () => {
  equal(whoOfMany(guestsOf("")), undefined);
  equal(whoOfMany(guestsOf("a 1*, a 2*, a 3*, b 4*")), undefined);
  equal(whoOfMany(guestsOf("a 9*, a 2*, a 3*, a 4*, b 1*"))?.name, "a 2*");
  equal(whoOfMany(guestsOf("a 5*, a 6*, a 7*, a 8*, b 1*, b 4*, b 3*, b 2*, b 9*"))?.name, "b 1*");
});
