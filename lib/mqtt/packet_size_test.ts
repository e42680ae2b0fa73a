import assert from "node:assert/strict";
import { PacketSizes } from "./packet_size.ts";

/** A packet with `length` bytes after its fixed header. */
function packet(length: number): Uint8Array {
  const header = [0x30];
  let rest = length;
  do {
    header.push(rest % 128 | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  const bytes = new Uint8Array(header.length + length).fill(0xff, header.length);
  bytes.set(header);
  return bytes;
}

const rows = [
  { name: "an empty packet", length: 0, size: 2 },
  { name: "one length byte", length: 127, size: 129 },
  { name: "two length bytes", length: 128, size: 131 },
  { name: "the most of two length bytes", length: 16_383, size: 16_386 },
  { name: "three length bytes", length: 16_384, size: 16_388 },
];

for (const { name, length, size } of rows) {
  Deno.test(`PacketSizes.feed() takes ${name} at the limit and refuses it one byte below`, () => {
    assert.equal(new PacketSizes().feed(packet(length), size), undefined);
    assert.equal(new PacketSizes().feed(packet(length), size - 1), size);
  });
}

Deno.test("PacketSizes.feed() follows many packets, whatever the pieces they come in", () => {
  const stream = [0, 1, 200, 0, 20_000, 127, 128, 5].map(packet);
  const bytes = new Uint8Array(stream.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of stream) {
    bytes.set(one, at);
    at += one.length;
  }
  for (const piece of [1, 2, 3, 7, 1000, bytes.length]) {
    const sizes = new PacketSizes();
    for (let from = 0; from < bytes.length; from += piece) {
      assert.equal(sizes.feed(bytes.subarray(from, from + piece), 20_004), undefined);
    }
    const strict = new PacketSizes();
    let refused: number | undefined;
    for (let from = 0; from < bytes.length && refused === undefined; from += piece) {
      refused = strict.feed(bytes.subarray(from, from + piece), 20_003);
    }
    assert.equal(refused, 20_004);
  }
});

Deno.test("PacketSizes.feed() refuses a length of five bytes", () => {
  assert.equal(new PacketSizes().feed(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 0x01)), Infinity);
});
