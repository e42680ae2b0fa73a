import assert from "node:assert/strict";
import { compileArgs } from "./build.ts";
import { ALLOCATOR, V8_FLAGS } from "./runtime_settings.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));

Deno.test("deno task start and the built program run V8 with the same flags", () => {
  const start = JSON.parse(read("deno.json")).tasks.start.command;
  assert.ok(start.split(" ").includes(V8_FLAGS), start);
  assert.ok(compileArgs("aarch64-unknown-linux-gnu", "out", "in").includes(V8_FLAGS));
});

Deno.test("deno task start and the unit run the allocator with the same settings", () => {
  const start = JSON.parse(read("deno.json")).tasks.start.command;
  const unit = read("systemd/ecoflow-power.service");
  for (const [name, value] of Object.entries(ALLOCATOR)) {
    assert.ok(start.split(" ").includes(`${name}=${value}`), start);
    assert.ok(unit.split("\n").includes(`Environment=${name}=${value}`), unit);
  }
});
