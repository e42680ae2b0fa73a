import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { slotFile } from "./slot_file.ts";
import { BLOCK_BYTES, LEAST_SLOT_BYTES, newestSlot, slotOf } from "./slots.ts";

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
    // 32 blocks with 504 bytes of content, of which length and sum take 23.
    const most = LEAST_SLOT_BYTES / BLOCK_BYTES * 504 - 23;
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

Deno.test("slotFile() leaves a plain file that any program reads, and reads one; beside the slots there is none", () =>
  inFolder((path, dir) => {
    Deno.writeTextFileSync(path, "of an older program");
    const file = slotFile(path);
    assert.equal(file.read(), "of an older program");
    file.write("newer");
    assert.deepEqual(names(dir), ["policy.json.slots"]);
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

Deno.test("slotFile(): where both are, the plain file is newer, as after an older program; the next write ends that", () =>
  inFolder((path, dir) => {
    const crashed = slotFile(path);
    for (let i = 0; i < 300; i++) crashed.write(`before the crash ${i}`);
    Deno.writeTextFileSync(path, "weeks of an older program");
    const file = slotFile(path);
    assert.equal(file.read(), "weeks of an older program");
    file.write("ours again");
    assert.deepEqual(names(dir), ["policy.json.slots"]);
    assert.equal(slotFile(path).read(), "ours again");
    // Also one that appears while we run.
    Deno.writeTextFileSync(path, "by hand");
    file.write("and again");
    assert.equal(slotFile(path).read(), "and again");
    file.writePlain("end");
    crashed.writePlain("end");
  }));

Deno.test("slotFile() goes on with the slots of a run that was killed: nothing new is made, as on a full disk", () =>
  inFolder((path, dir) => {
    const killed = slotFile(path);
    for (const text of ["one", "two", "three"]) killed.write(text);
    const inode = Deno.statSync(`${path}.slots`).ino;
    // Nothing new can be made where a folder stands in the way.
    Deno.mkdirSync(`${path}.slots.new`);
    const runs = [killed];
    for (let run = 0; run < 5; run++) {
      const file = slotFile(path);
      runs.push(file);
      assert.equal(file.read(), run === 0 ? "three" : `run ${run - 1}, second`);
      for (const text of [`run ${run}, first`, `run ${run}, second`]) {
        file.write(text);
        assert.equal(slotFile(path).read(), text);
      }
      assert.equal(Deno.statSync(`${path}.slots`).ino, inode);
    }
    Deno.removeSync(`${path}.slots.new`);
    assert.deepEqual(names(dir), ["policy.json.slots"]);
    for (const file of runs) file.writePlain("end");
  }));

Deno.test("slotFile() goes on beside a slot that is not whole, and never writes over the whole one", () =>
  inFolder((path) => {
    const killed = slotFile(path);
    killed.write("one");
    killed.write("two");
    const all = Deno.readFileSync(`${path}.slots`);
    // The newest, in the second slot.
    const at = LEAST_SLOT_BYTES + 60;
    all[at] = (all[at] as number) ^ 1;
    Deno.writeFileSync(`${path}.slots`, all);
    const file = slotFile(path);
    assert.equal(file.read(), "one");
    assert.equal(file.isOlder, true);
    file.write("three");
    const next = Deno.readFileSync(`${path}.slots`);
    assert.deepEqual(next.subarray(0, LEAST_SLOT_BYTES), all.subarray(0, LEAST_SLOT_BYTES));
    assert.equal(file.read(), "three");
    assert.equal(file.isOlder, false);
    for (const one of [file, killed]) one.writePlain("end");
  }));

/** The slots of another house. */
const ANOTHER = new Uint8Array(2 * LEAST_SLOT_BYTES);
ANOTHER.set(slotOf("another").numbered(1001));
ANOTHER.set(slotOf("another, newer").numbered(1002), LEAST_SLOT_BYTES);

for (
  const [what, spoil] of [
    ["was cut to nothing", (slots: string) => Deno.truncateSync(slots)],
    ["was cut short", (slots: string) => Deno.truncateSync(slots, LEAST_SLOT_BYTES + 700)],
    ["grew", (slots: string) => Deno.truncateSync(slots, 4 * LEAST_SLOT_BYTES)],
    ["is that of another house, with larger numbers", (slots: string) => Deno.writeFileSync(slots, ANOTHER)],
    ["is a symbolic link to another one", (slots: string) => {
      Deno.writeFileSync(`${slots}-other`, ANOTHER);
      Deno.removeSync(slots);
      Deno.symlinkSync(`${slots}-other`, slots);
    }],
  ] as const
) {
  Deno.test(`slotFile(): what is written is found again when the file ${what} while it is in use`, () =>
    inFolder((path) => {
      const file = slotFile(path);
      for (let i = 0; i < 4; i++) {
        file.write(`${i}, before`);
        spoil(`${path}.slots`);
        file.write(`${i}, after`);
        assert.equal(slotFile(path).read(), `${i}, after`);
      }
      file.writePlain("end");
    }));
}

Deno.test("slotFile(): a folder in the place of the slots is put aside, and all goes on", () =>
  inFolder((path, dir) => {
    Deno.mkdirSync(`${path}.slots`);
    const file = slotFile(path);
    assert.throws(() => file.read());
    assert.equal(file.setAside(), `${path}.refused`);
    assert.deepEqual(names(dir), ["policy.json.refused"]);
    file.write("anew");
    assert.equal(slotFile(path).read(), "anew");
    file.writePlain("end");
  }));

Deno.test("slotFile(): a folder in the place of the plain file hides no slots", () =>
  inFolder((path) => {
    const file = slotFile(path);
    file.write("one");
    Deno.mkdirSync(path);
    assert.equal(slotFile(path).read(), "one");
    file.write("two");
    assert.equal(slotFile(path).read(), "two");
    Deno.removeSync(path);
    file.writePlain("end");
  }));

Deno.test("slotFile() puts slots aside with a plain file that is refused: they are older", () =>
  inFolder((path, dir) => {
    const crashed = slotFile(path);
    crashed.write("before the crash");
    Deno.writeTextFileSync(path, "cannot be used");
    const file = slotFile(path);
    assert.equal(file.read(), "cannot be used");
    assert.equal(file.setAside(), `${path}.refused`);
    assert.equal(file.read(), undefined);
    assert.deepEqual(names(dir), ["policy.json.refused", "policy.json.slots.refused"]);
    crashed.writePlain("end");
  }));

/** A program that stores one number after the other, and says each when it is stored; now and then it stops cleanly and begins anew. */
const WRITER = `
import { slotFile } from ${JSON.stringify(new URL("./slot_file.ts", import.meta.url).href)};
const [path, first] = Deno.args;
const say = (i) => Deno.stdout.writeSync(new TextEncoder().encode(i + "\\n"));
let file = slotFile(path);
for (let i = Number(first);; i++) {
  const text = i + ":" + "abcdefgh".repeat(i * 37 % 400 + (i % 11 === 0 ? 6000 : 0));
  if (i % 5 === 0) {
    file.writePlain(text);
    file = slotFile(path);
    if (i % 10 === 0) file.read();
  } else file.write(text);
  say(i);
}
`;

Deno.test("slotFile(): a process that is killed at any moment leaves what it stored last, or the text that it was just storing", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "policy.json");
    const program = join(dir, "writer.mjs");
    Deno.writeTextFileSync(program, WRITER);
    let stored = 0;
    for (let kill = 0; kill < 12; kill++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "--no-check",
          `--config=${fileURLToPath(new URL("../../deno.json", import.meta.url))}`,
          "--allow-all",
          program,
          path,
          String(stored + 1),
        ],
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      let said = "";
      const reading = (async () => {
        for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
          said += text;
          // Not always after as many: it is killed in the middle of anything.
          if (said.length > 100 + kill * 97) child.kill("SIGKILL");
        }
      })().catch(() => {});
      await child.status;
      await reading;
      const whole = said.slice(0, said.lastIndexOf("\n")).split("\n");
      const last = Number(whole.at(-1));
      assert.ok(last > stored, `it stored something: ${said.slice(-100)}`);
      const [number, rest = ""] = (slotFile(path).read() ?? "").split(":");
      stored = Number(number);
      assert.ok(stored >= last, `stored ${stored}, said ${last}`);
      const length = 8 * (stored * 37 % 400 + (stored % 11 === 0 ? 6000 : 0));
      assert.equal(rest, "abcdefgh".repeat(length / 8));
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("slotFile(): after a write that failed the next one is found again", () =>
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
