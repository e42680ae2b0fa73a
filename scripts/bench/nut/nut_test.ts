import { equal, rejects } from "node:assert/strict";
import { lines } from "./nut.ts";

Deno.test("lines() gives up on a server that says nothing", async () => {
  const silent = { read: () => new Promise<number | null>(() => {}) };
  await rejects(lines(silent, 1, 20), /the server has not answered in 20 ms/);
});

Deno.test("lines() reads as many lines as it is asked for", async () => {
  const pieces = ["OK\n", "OK\nO", "K\n"];
  const read = (buffer: Uint8Array) => {
    const piece = new TextEncoder().encode(pieces.shift());
    buffer.set(piece);
    return Promise.resolve(piece.length);
  };
  equal(await lines({ read }, 3, 1000), "OK\nOK\nOK\n");
});
