import assert from "node:assert/strict";
import { join } from "node:path";
import { textFile } from "./text_file.ts";

Deno.test("textFile() replaces the file", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "state.json");
    const file = textFile(path);
    assert.equal(file.read(), undefined);
    Deno.writeTextFileSync(`${path}.new`, "left over, and longer than the text that follows", {
      mode: 0o644,
    });
    file.write("one");
    assert.equal(file.read(), "one");
    file.write("two");
    assert.equal(file.read(), "two");
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["state.json"]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("textFile() lets only its owner read the file", {
  // Windows has rights of another kind: agents/install/windows.ts.
  ignore: Deno.build.os === "windows",
}, () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "state.json");
    Deno.writeTextFileSync(`${path}.new`, "left over, for all to read", { mode: 0o644 });
    textFile(path).write("one");
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("textFile() keeps the file the daemon's when the administrator writes it", {
  ignore: Deno.uid() !== 0,
}, () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.chownSync(dir, 65534, 65534);
    textFile(join(dir, "keys")).write("one");
    assert.equal(Deno.statSync(join(dir, "keys")).uid, 65534);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("textFile() keeps a file its owner's when it is told to, and gives a new one to the directory's", {
  ignore: Deno.uid() !== 0,
}, () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "passwords");
    const file = textFile(path, 0o640, "own");
    file.write("one");
    assert.equal(Deno.statSync(path).uid, 0);
    Deno.chownSync(path, 65534, 65534);
    file.write("two");
    assert.deepEqual([Deno.statSync(path).uid, Deno.statSync(path).gid, file.read()], [65534, 65534, "two"]);
    textFile(path, 0o640).write("three");
    assert.equal(Deno.statSync(path).uid, 0);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("textFile() puts a text aside that cannot be used, and is empty afterwards", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const file = textFile(join(dir, "state.json"));
    file.write("broken");
    assert.equal(file.setAside(), join(dir, "state.json.refused"));
    assert.equal(file.read(), undefined);
    assert.equal(Deno.readTextFileSync(join(dir, "state.json.refused")), "broken");
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("textFile() leaves nothing half written behind, which would take the last room of a full disk", () => {
  const dir = Deno.makeTempDirSync();
  try {
    // Nothing can be renamed over a folder that is not empty.
    Deno.mkdirSync(`${dir}/text/inside`, { recursive: true });
    assert.throws(() => textFile(`${dir}/text`).write("x"));
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["text"]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
