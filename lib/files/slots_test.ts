import assert from "node:assert/strict";
import { BLOCK_BYTES, newestSlot, nextNumber, slotOf } from "./slots.ts";

const SLOT_BYTES = 8 * BLOCK_BYTES;
const LARGEST = 0xffff_ffff;

/** A file with one text in each slot, each with its number; 0: an empty slot. */
function fileOf(...texts: readonly (readonly [text: string, number: number])[]): Uint8Array {
  const bytes = new Uint8Array(2 * SLOT_BYTES);
  for (const [at, [text, number]] of texts.entries()) {
    if (number > 0) bytes.set(slotOf(text).numbered(number), at * SLOT_BYTES);
  }
  return bytes;
}

/** Random numbers from 0 to below 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

for (
  const [first, second, newest] of [
    [1, 0, "first"],
    [1, 2, "second"],
    [3, 2, "first"],
    [LARGEST, LARGEST - 1, "first"],
    [LARGEST, 1, "second"],
    [1, LARGEST, "first"],
    [2, LARGEST, "first"],
    [LARGEST - 1, 1, "second"],
    [2, 1, "first"],
    [0x8000_0000, 0x7fff_ffff, "first"],
    [7, 7, "second"],
  ] as const
) {
  Deno.test(`newestSlot() of ${first.toString(16)} and ${second.toString(16)} is the ${newest}`, () => {
    const found = newestSlot(fileOf(["first", first], ["second", second]));
    assert.equal(found?.text, newest);
    assert.equal(found?.at, newest === "first" ? 0 : 1);
    assert.equal(found?.isOlder, false);
  });
}

Deno.test("nextNumber() begins anew after the largest, and never gives 0", () => {
  assert.deepEqual([1, LARGEST - 1, LARGEST].map(nextNumber), [2, LARGEST, 1]);
});

Deno.test("newestSlot() of no file of ours is nothing", () => {
  for (const length of [0, 1, BLOCK_BYTES, 2 * BLOCK_BYTES, 3 * BLOCK_BYTES, 2 * SLOT_BYTES]) {
    assert.equal(newestSlot(new Uint8Array(length)), undefined);
    assert.equal(newestSlot(new Uint8Array(length).fill(0x30)), undefined);
  }
});

Deno.test("newestSlot(): each bit that changed in the newest text is noticed: the one before it counts, and says that it does", () => {
  const text = `{"soc":45,"told":true,"${"ä".repeat(300)}":1}`;
  const whole = fileOf(["before", 8], [text, 9]);
  const usedBytes = slotOf(text).bytes.length;
  for (let bit = 0; bit < usedBytes * 8; bit++) {
    const spoilt = whole.slice();
    const at = SLOT_BYTES + (bit >> 3);
    spoilt[at] = (spoilt[at] as number) ^ (1 << (bit & 7));
    const found = newestSlot(spoilt);
    assert.equal(found?.text, "before", `bit ${bit}`);
    assert.equal(found?.isOlder, true, `bit ${bit}`);
  }
});

Deno.test("newestSlot(): whatever changed in one slot or in both, a text is one of the two or none", () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] as number;
  const random = randomOf(seed);
  const below = (most: number) => Math.floor(random() * most);
  const [older, newer] = ["o".repeat(1200), "n".repeat(900)];
  const whole = fileOf([newer, 5], [older, 4]);
  for (let round = 0; round < 3000; round++) {
    const spoilt = whole.slice();
    const isOneSlot = random() < 0.5;
    const slot = isOneSlot ? below(2) * SLOT_BYTES : 0;
    const among = isOneSlot ? SLOT_BYTES : 2 * SLOT_BYTES;
    const end = slot + among;
    for (let n = below(6) + 1; n > 0; n--) {
      const at = slot + below(among);
      const kind = below(4);
      if (kind === 0) spoilt[at] = (spoilt[at] as number) ^ (1 << below(8));
      else if (kind === 1) spoilt[at] = below(256);
      else if (kind === 2) spoilt.fill(below(2) * 255, at, Math.min(end, at + below(2000)));
      else {
        const from = below(spoilt.length);
        spoilt.copyWithin(at, from, from + below(end - at));
      }
    }
    const found = newestSlot(spoilt);
    if (found) {
      assert.ok([older, newer].includes(found.text), `seed ${seed}, round ${round}`);
      assert.equal(found.number, found.text === newer ? 5 : 4, `seed ${seed}, round ${round}`);
    }
    if (isOneSlot) assert.ok(found, `seed ${seed}, round ${round}: the other slot is whole`);
  }
});
