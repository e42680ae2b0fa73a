import assert from "node:assert/strict";
import { compileArgs } from "./build.ts";
import { V8_FLAGS } from "./v8_flags.ts";

Deno.test("deno task start and the built program run V8 with the same flags", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
  assert.ok(tasks.start.command.split(" ").includes(V8_FLAGS), tasks.start.command);
  assert.ok(compileArgs("aarch64-unknown-linux-gnu", "out").includes(V8_FLAGS));
});
