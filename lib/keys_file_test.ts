import assert from "node:assert/strict";
import { join } from "node:path";
import { keysFile } from "./keys_file.ts";

Deno.test("keysFile() replaces the file and lets only its owner read it", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "agent_keys.json");
    const file = keysFile(path);
    assert.equal(file.read(), undefined);
    Deno.writeTextFileSync(`${path}.new`, "left over, and longer than the text that follows", {
      mode: 0o644,
    });
    file.write("one");
    assert.equal(file.read(), "one");
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    file.write("two");
    assert.equal(file.read(), "two");
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["agent_keys.json"]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("keysFile() keeps the file the daemon's when the administrator writes it", {
  ignore: Deno.uid() !== 0,
}, () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.chownSync(dir, 65534, 65534);
    keysFile(join(dir, "keys")).write("one");
    assert.equal(Deno.statSync(join(dir, "keys")).uid, 65534);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
