import assert from "node:assert/strict";
import { groupText, type Memory, memoryOf, memoryText } from "./memory.ts";
import { ownRuntime } from "./own_program.ts";

/** Runs Deno for as long as a look at it takes. */
async function lookAt<T>(program: string, look: (pid: number) => T): Promise<T> {
  const args = ["eval", "console.log('there'); setTimeout(() => {}, 60_000)"];
  const child = new Deno.Command(program, { args, stdout: "piped" }).spawn();
  try {
    for await (const _text of child.stdout.values({ preventCancel: true })) break;
    return look(child.pid);
  } finally {
    child.kill("SIGKILL");
    await Promise.all([child.status, child.stdout.cancel()]);
  }
}

Deno.test("memoryOf() counts a program with an executable of its own whole, and its group where it may have one", async () => {
  const { pss, anon, group } = await lookAt(ownRuntime(), memoryOf);
  assert.ok(anon > 5 && anon < pss, `${anon} of ${pss}`);
  // An empty Deno that shares its pages with this one has less.
  assert.ok(pss > 25, String(pss));
  if (group !== undefined) assert.ok(group > anon, `${group} and ${anon}`);
});

Deno.test("memoryOf() refuses a program that runs from the bench's own executable", () =>
  assert.rejects(lookAt(Deno.execPath(), memoryOf), /must have an executable of its own/));

Deno.test("memoryText() says what cannot be had, and never 0", () => {
  const memory: Memory = { pss: 97.6, anon: 53.4, group: undefined };
  assert.equal(memoryText(memory), "98 / 53 / not here");
  assert.equal(memoryText({ ...memory, group: 101.26 }, 1), "97.6 / 53.4 / 101.3");
  assert.equal(groupText(undefined, 1), "not here");
});
