import assert from "node:assert/strict";
import { join } from "node:path";
import { holderOfState, takeState } from "./state_lock.ts";

function inDir(run: (dir: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const dir = Deno.makeTempDirSync();
    try {
      await run(dir);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  };
}

Deno.test(
  "takeState() takes a directory once, and again after its release",
  inDir((dir) => {
    assert.deepEqual(holderOfState(dir), { kind: "free" });
    const first = takeState(dir);
    assert.equal(first.kind, "mine");
    assert.deepEqual(takeState(dir), { kind: "taken", pid: Deno.pid });
    assert.deepEqual(holderOfState(dir), { kind: "taken", pid: Deno.pid });
    if (first.kind === "mine") first.release();
    assert.deepEqual(holderOfState(dir), { kind: "free" });
    const second = takeState(dir);
    assert.equal(second.kind, "mine");
    if (second.kind === "mine") second.release();
  }),
);

Deno.test(
  "a process that was killed holds nothing any more",
  inDir(async (dir) => {
    const code = `import { takeState } from ${
      JSON.stringify(new URL("./state_lock.ts", import.meta.url).href)
    };
      console.log(takeState(Deno.args[0]).kind); setInterval(() => {}, 1000);`;
    const script = join(dir, "holder.ts");
    Deno.writeTextFileSync(script, code);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "--allow-read", "--allow-write", script, dir],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value).trim(), "mine");
    assert.deepEqual(takeState(dir), { kind: "taken", pid: child.pid });
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    const after = takeState(dir);
    assert.equal(after.kind, "mine");
    if (after.kind === "mine") after.release();
  }),
);

Deno.test(
  "a directory that can hold no lock is told, and holds nobody up",
  inDir((dir) => {
    const missing = takeState(join(dir, "missing"));
    assert.equal(missing.kind, "unknown");
    Deno.mkdirSync(join(dir, "daemon.lock"));
    assert.equal(takeState(dir).kind, "unknown");
  }),
);

Deno.test(
  "a lock file with something else in it tells no process",
  inDir((dir) => {
    const held = takeState(dir);
    Deno.writeTextFileSync(join(dir, "daemon.lock"), "../../etc\n");
    assert.deepEqual(holderOfState(dir), { kind: "taken", pid: undefined });
    if (held.kind === "mine") held.release();
  }),
);
