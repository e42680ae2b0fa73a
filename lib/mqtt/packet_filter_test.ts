import assert from "node:assert/strict";
import { MARK_BYTES, PacketFilter } from "./packet_filter.ts";

const MARK = new Uint8Array(MARK_BYTES).fill(7);

/** A packet with `length` bytes after its fixed header. @param start What these bytes begin with */
function packet(length: number, first = 0x20, start: readonly number[] = []): Uint8Array {
  const header = [first];
  let rest = length;
  do {
    header.push(rest % 128 | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  const bytes = new Uint8Array(header.length + length).fill(0xff, header.length);
  bytes.set([...header, ...start]);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
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
  Deno.test(`PacketFilter.feed() lets ${name} pass at the limit, and cannot go on one byte below`, () => {
    const { pieces, badBytes } = new PacketFilter(4, MARK, size).feed(packet(length));
    assert.deepEqual([joined(pieces), badBytes], [packet(length), undefined]);
    assert.equal(new PacketFilter(4, MARK, size - 1).feed(packet(length)).badBytes, size);
  });
}

/** PUBLISH to `t/é` with retain; with QoS 1 and number 0x1234. */
const TOPIC = [0, 4, 0x74, 0x2f, 0xc3, 0xa9];
const large = {
  qos0: packet(30_000, 0x31, TOPIC),
  qos1: packet(20_001, 0x33, [...TOPIC, 0x12, 0x34]),
};

for (const version of [4, 5] as const) {
  Deno.test(`PacketFilter.feed() leaves large messages out of MQTT ${version}, whatever the pieces they come in`, () => {
    const small = [0, 1, 200, 0, 16_000, 127, 128, 5].map((length) => packet(length));
    const [a = new Uint8Array(), ...others] = small;
    const stream = joined([large.qos1, a, large.qos0, large.qos0, ...others, large.qos1]);
    for (const piece of [1, 2, 3, 7, 1000, stream.length]) {
      const filter = new PacketFilter(version, MARK, 20_000);
      const parts: Uint8Array[] = [];
      for (let from = 0; from < stream.length; from += piece) {
        const { pieces, badBytes } = filter.feed(stream.subarray(from, from + piece));
        assert.equal(badBytes, undefined);
        parts.push(...pieces);
      }
      const found = joined(parts);
      const properties = version === 5 ? [0] : [];
      const stands = (first: number, head: readonly number[]) => {
        const length = head.length + properties.length + 20;
        return { first, length, head: [...head, ...properties] };
      };
      let at = 0;
      const seeStandIn = ({ first, length, head }: ReturnType<typeof stands>, size: number) => {
        assert.deepEqual([...found.subarray(at, at + 2 + head.length)], [first, length, ...head]);
        const payload = found.slice(at + 2 + head.length, at + 2 + length);
        assert.equal(filter.sizeOfLeftOut(payload), size);
        assert.equal(
          new PacketFilter(version, new Uint8Array(MARK_BYTES)).sizeOfLeftOut(payload),
          undefined,
          "the mark is one connection's own",
        );
        at += 2 + length;
      };
      const seeSmall = (bytes: Uint8Array) => {
        assert.deepEqual(found.slice(at, at + bytes.length), bytes);
        at += bytes.length;
      };
      seeStandIn(stands(0x33, [...TOPIC, 0x12, 0x34]), large.qos1.length);
      seeSmall(a);
      for (let i = 0; i < 2; i++) seeStandIn(stands(0x31, TOPIC), large.qos0.length);
      for (const one of others) seeSmall(one);
      seeStandIn(stands(0x33, [...TOPIC, 0x12, 0x34]), large.qos1.length);
      assert.equal(at, found.length);
    }
  });
}

Deno.test("PacketFilter.feed() cannot go on after a length of five bytes", () => {
  const { badBytes } = new PacketFilter(4, MARK).feed(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff, 0x01));
  assert.equal(badBytes, Infinity);
});

Deno.test("PacketFilter.feed() cannot go on after a message whose topic is longer than itself", () => {
  const { pieces, badBytes } = new PacketFilter(4, MARK, 100).feed(packet(200, 0x30, [0xff, 0xff]));
  assert.deepEqual([pieces, badBytes], [[], 203]);
});
