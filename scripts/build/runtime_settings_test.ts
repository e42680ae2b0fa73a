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

Deno.test("a container runs the allocator with the same settings, and keeps what the runtime finds out with the state", () => {
  const set = /^ENV (.+)$/m.exec(read("Dockerfile"))?.[1]?.split(" ") ?? [];
  for (const [name, value] of Object.entries(ALLOCATOR)) {
    assert.ok(set.includes(`${name}=${value}`), `${set}`);
  }
  const stateDir = /^STATE_DIR=(.+)$/m.exec(read("scripts/deb/ecoflow-power.env"))?.[1];
  assert.ok(stateDir !== undefined && set.includes(`STATE_DIRECTORY=${stateDir}`), `${set}`);
  assert.match(read("compose.yaml"), new RegExp(`^      - state:${stateDir}$`, "m"));
});
