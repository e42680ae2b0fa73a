import assert from "node:assert/strict";
import { brokenRules, findings, importsOf } from "./check_layers.ts";

const rows: readonly [file: string, target: string, allowed: boolean][] = [
  ["lib/workers/bus.ts", "lib/errors.ts", true],
  ["lib/workers/bus.ts", "proto/frame.ts", false],
  ["lib/workers/bus.ts", "valibot", true],
  ["proto/frame.ts", "lib/errors.ts", true],
  ["proto/frame.ts", "lib/log/log.ts", false],
  ["proto/schema.ts", "protobufjs/light.js", true],
  ["services/a/service.ts", "protobufjs/light.js", false],
  ["services/a/service.ts", "services/a/rules.ts", true],
  ["services/a/service.ts", "services/b/rules.ts", false],
  ["services/a/service.ts", "services/registry.ts", false],
  ["services/registry.ts", "services/a/service.ts", true],
  ["agents/agent.ts", "lib/log/log.ts", true],
  ["agents/agent.ts", "services/a/service.ts", false],
  ["main.ts", "scripts/run.ts", false],
  ["scripts/simulate.ts", "services/a/service.ts", true],
  ["lib/mqtt/npm_client.ts", "mqtt", true],
  ["lib/workers/bus.ts", "mqtt", false],
  ["lib/mqtt/lean_packets.ts", "mqtt-packet", true],
  ["lib/mqtt/npm_client.ts", "mqtt-packet", false],
  ["lib/workers/bus.ts", "jsr:@std/assert", false],
];
for (const [file, target, allowed] of rows) {
  Deno.test(`brokenRules() ${allowed ? "lets" : "forbids"} ${file} import ${target}`, () => {
    assert.equal(brokenRules({ file, line: 1, target }).length === 0, allowed);
  });
}

Deno.test("importsOf() finds static, dynamic, side-effect and re-export forms with their lines", () => {
  const text = [
    'import { a } from "./a.ts";',
    'export * from "../b.ts";',
    'const c = await import("node:fs");',
    'import "valibot";',
    '// import "x";',
  ].join("\n");
  assert.deepEqual(importsOf("lib/sub/file.ts", text).map(({ line, target }) => [line, target]), [
    [1, "lib/sub/a.ts"],
    [2, "lib/b.ts"],
    [3, "node:fs"],
    [4, "valibot"],
  ]);
});

const samples: readonly [name: string, files: Record<string, string>, found: RegExp | undefined][] = [
  ["nothing", { "lib/a.ts": 'import "./b.ts";', "lib/b.ts": "export {};" }, undefined],
  [
    "a circle",
    { "lib/a.ts": 'import "./b.ts";', "lib/b.ts": 'import "./a.ts";' },
    /circle.*lib\/a.ts, lib\/b.ts/,
  ],
  [
    "an arrow up",
    { "services/soc_bridge/models/m.ts": 'import "../judge/grid.ts";' },
    /models is below judge/,
  ],
  ["a pure file with a clock", { "lib/a.ts": "/** Pure. */\nDate.now();" }, /lib\/a.ts:2 uses the time/],
  ["facts from outside", { "lib/a.ts": "/** See ../shared/x. */" }, /names \.\.\/shared/],
  [
    '"using", which a minified bundle loses',
    { "lib/a.ts": "  using file = open();" },
    /lib\/a.ts:1 has "using"/,
  ],
  ["none in a test", { "lib/a_test.ts": "  using file = open();" }, undefined],
  ["no facts from outside in a test", { "lib/a_test.ts": "/** See ../shared/x. */" }, undefined],
];
for (const [name, files, found] of samples) {
  Deno.test(`findings() names ${name}`, () => {
    const all = findings(new Map(Object.entries(files)));
    assert.equal(all.length, found ? 1 : 0, all.join("\n"));
    if (found) assert.match(all[0] ?? "", found);
  });
}
