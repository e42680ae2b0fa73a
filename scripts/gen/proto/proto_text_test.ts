import assert from "node:assert/strict";
import { compileDescriptor } from "../../../proto/compile_descriptor.ts";
import type { FamilyFacts } from "./facts.ts";
import { protoText } from "./proto_text.ts";

const FACTS: FamilyFacts = {
  models: ["TEST 1"],
  sources: ["one", "two"],
  dispatch: [{ cmd_func: 254, cmd_id: 21, message: "Report (seen)" }],
  messages: [
    {
      name: "Report",
      fields: [
        { number: 7, name: "parts", type: "Part", repeated: true },
        { number: 3, name: "watts_in", type: "float", repeated: false, unit: "W", source: "two" },
        { number: 5, name: "mode", type: "MODE", repeated: false },
      ],
    },
    { name: "Part", fields: [] },
  ],
  enums: { MODE: { MODE_ON: 1, MODE_OFF: 0 } },
  conflicts: [{ message: "Report", number: 3, other: "power", other_source: "one" }],
};

Deno.test("protoText() writes units, sources, conflicts and dispatch, fields by number", () => {
  assert.equal(
    protoText("test", FACTS),
    `// test: TEST 1.
// Written by "deno task gen:proto" from the protocol facts; change it there. Sources: one, two.
syntax = "proto3";

package ecoflow.test;

// cmd_func/cmd_id 254/21
message Report {
  optional float watts_in = 3; // W; only in two; "power" in one
  optional MODE mode = 5;
  repeated Part parts = 7;
}

message Part {}

enum MODE {
  MODE_OFF = 0;
  MODE_ON = 1;
}
`,
  );
});

Deno.test("compileDescriptor() reads what protoText() writes, names unchanged", () => {
  assert.deepEqual(compileDescriptor(protoText("test", FACTS), "test"), {
    messages: {
      Report: { watts_in: [3, "float"], mode: [5, "MODE"], parts: [7, "Part", "repeated"] },
      Part: {},
    },
    enums: { MODE: { MODE_OFF: 0, MODE_ON: 1 } },
  });
});

Deno.test("protoText() refuses a type that nothing declares", () => {
  const [report] = FACTS.messages;
  assert.ok(report);
  const facts = {
    ...FACTS,
    messages: [{ ...report, fields: [{ number: 1, name: "x", type: "Gone", repeated: false }] }],
  };
  assert.throws(() => protoText("test", facts), /field "Report.x": unknown type "Gone"/);
});
