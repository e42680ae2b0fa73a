import assert from "node:assert/strict";
import { join } from "node:path";
import { BLOCK_BYTES, LEAST_SLOT_BYTES, newestSlot, slotFile } from "./slot_file.ts";

/** A folder of its own for what `act` does. */
function inFolder(act: (path: string, dir: string) => void): void {
  const dir = Deno.makeTempDirSync();
  try {
    act(join(dir, "policy.json"), dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const names = (dir: string) => [...Deno.readDirSync(dir)].map(({ name }) => name).sort();

Deno.test("slotFile() gives back the newest text, also to the next process, and grows with it", () =>
  inFolder((path, dir) => {
    const file = slotFile(path);
    assert.equal(file.read(), undefined);
    for (const text of ["one", "two", "", "drei: ä€𝄞", "x".repeat(3 * LEAST_SLOT_BYTES), "short again"]) {
      file.write(text);
      assert.equal(file.read(), text);
      assert.equal(slotFile(path).read(), text);
    }
    assert.deepEqual(names(dir), ["policy.json.slots"]);
    assert.equal((Deno.statSync(`${path}.slots`).mode ?? 0) & 0o777, 0o600);
    file.writePlain("end");
  }));

Deno.test("slotFile() holds a text that just fits, and makes another file for one byte more", () =>
  inFolder((path) => {
    const file = slotFile(path);
    // 32 blocks with 504 bytes of content, of which the length takes 6.
    const most = LEAST_SLOT_BYTES / BLOCK_BYTES * 504 - 6;
    file.write("first");
    file.write("x".repeat(most));
    assert.equal(Deno.statSync(`${path}.slots`).size, 2 * LEAST_SLOT_BYTES);
    assert.equal(file.read()?.length, most);
    file.write("y".repeat(most + 1));
    assert.equal(Deno.statSync(`${path}.slots`).size, 8 * LEAST_SLOT_BYTES);
    assert.equal(file.read()?.length, most + 1);
    file.writePlain("end");
  }));

Deno.test("slotFile(): a write that the power ended anywhere leaves the text before it, whatever reached the disk", () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] as number;
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  inFolder((path) => {
    const file = slotFile(path);
    file.write("the first");
    const text = (i: number) => `${i}:${"abcdefgh".repeat(10 + i * 7)}`;
    for (let i = 0; i < 60; i++) {
      const before = file.read();
      const old = Deno.readFileSync(`${path}.slots`);
      file.write(text(i));
      const whole = Deno.readFileSync(`${path}.slots`);
      const changed = [...whole.keys()].filter((at) => old[at] !== whole[at]);
      for (let cut = 0; cut < 40; cut++) {
        // Disks write in blocks of 512, in any order.
        const torn = old.slice();
        const blocks = [...new Set(changed.map((at) => Math.floor(at / BLOCK_BYTES)))];
        const written = cut === 0 ? [] : blocks.filter(() => random() < 0.5);
        for (const at of written.map((block) => block * BLOCK_BYTES)) {
          torn.set(whole.subarray(at, at + BLOCK_BYTES), at);
        }
        const isWhole = torn.every((byte, at) => byte === whole[at]);
        assert.equal(
          newestSlot(torn)?.text,
          isWhole ? text(i) : before,
          `seed ${seed}, write ${i}, cut ${cut}`,
        );
      }
    }
    file.writePlain("end");
  });
});

Deno.test("slotFile() leaves a plain file that any program reads, and reads one where there are no slots", () =>
  inFolder((path, dir) => {
    Deno.writeTextFileSync(path, "of an older program");
    const file = slotFile(path);
    assert.equal(file.read(), "of an older program");
    file.write("newer");
    assert.equal(slotFile(path).read(), "newer");
    file.writePlain("the last of this run");
    assert.deepEqual(names(dir), ["policy.json"]);
    assert.equal(Deno.readTextFileSync(path), "the last of this run");
    file.write("on again");
    assert.equal(slotFile(path).read(), "on again");
    file.writePlain("end");
  }));

Deno.test("slotFile(): a file that somebody removed or replaced is made anew, and nothing goes where nobody finds it", () =>
  inFolder((path) => {
    const file = slotFile(path);
    file.write("one");
    Deno.removeSync(`${path}.slots`);
    file.write("two");
    assert.equal(slotFile(path).read(), "two");
    Deno.writeTextFileSync(`${path}.other`, "not ours");
    Deno.renameSync(`${path}.other`, `${path}.slots`);
    file.write("three");
    assert.equal(slotFile(path).read(), "three");
    file.writePlain("end");
  }));

for (
  const [what, spoil] of [
    ["zeros", (all: Uint8Array) => all.fill(0)],
    [
      "both texts changed",
      (all: Uint8Array) => [0, all.length / 2].map((at) => all[at] = 0),
    ],
    ["no bytes at all", () => new Uint8Array(0)],
  ] as const
) {
  Deno.test(`slotFile() says that neither text is whole, and puts the file aside as it is: ${what}`, () =>
    inFolder((path, dir) => {
      const file = slotFile(path);
      file.write("one");
      file.write("two");
      const all = Deno.readFileSync(`${path}.slots`);
      const spoilt = spoil(all);
      Deno.writeFileSync(`${path}.slots`, spoilt instanceof Uint8Array ? spoilt : all);
      const next = slotFile(path);
      assert.throws(() => next.read(), /neither of its two texts is whole/);
      assert.equal(next.setAside(), `${path}.refused`);
      assert.deepEqual(names(dir), ["policy.json.refused"]);
      next.write("anew");
      assert.equal(next.read(), "anew");
      next.writePlain("end");
      file.writePlain("end");
    }));
}

Deno.test("slotFile() puts a text aside that can be read and not used, as a plain file", () =>
  inFolder((path, dir) => {
    const file = slotFile(path);
    file.write("one");
    assert.equal(file.setAside(), `${path}.refused`);
    assert.deepEqual(names(dir), ["policy.json.refused"]);
    assert.equal(Deno.readTextFileSync(`${path}.refused`), "one");
    assert.equal(file.read(), undefined);
  }));

Deno.test("slotFile(): after a write that failed the next one makes the file anew", () =>
  inFolder((path, dir) => {
    const file = slotFile(path);
    file.write("one");
    const wide = "x".repeat(2 * LEAST_SLOT_BYTES);
    // Nothing new can be made where a folder stands in the way.
    Deno.mkdirSync(`${path}.slots.new`);
    assert.throws(() => file.write(wide));
    assert.equal(slotFile(path).read(), "one");
    Deno.removeSync(`${path}.slots.new`);
    file.write("two");
    assert.equal(slotFile(path).read(), "two");
    assert.deepEqual(names(dir), ["policy.json.slots"]);
    file.writePlain("end");
  }));
