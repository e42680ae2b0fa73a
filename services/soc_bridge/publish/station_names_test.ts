import assert from "node:assert/strict";
import { type NamedStation, nameStations, topicName } from "./station_names.ts";

const ROWS: {
  name: string;
  configured?: NamedStation[];
  listed?: NamedStation[];
  heard?: string[];
  want: [string, string][];
}[] = [
  { name: "uses the serial number without a name", heard: ["R651A"], want: [["R651A", "R651A"]] },
  { name: "uses the account's name", listed: [{ sn: "R651A", name: "Study" }], want: [["R651A", "Study"]] },
  {
    name: "prefers the configured name",
    configured: [{ sn: "R651A", name: "Rack" }],
    listed: [{ sn: "R651A", name: "Study" }],
    want: [["R651A", "Rack"]],
  },
  {
    name: "takes the account's name when the configuration gives none",
    configured: [{ sn: "R651A" }],
    listed: [{ sn: "R651A", name: "Study" }],
    want: [["R651A", "Study"]],
  },
  {
    name: "gives a name to one station only",
    configured: [{ sn: "R651A", name: "Study" }],
    listed: [{ sn: "R651B", name: "Study" }],
    want: [["R651A", "Study"], ["R651B", "R651B"]],
  },
  {
    name: "gives nobody another station's serial number",
    listed: [{ sn: "R651A", name: "R651B" }, { sn: "R651B", name: "Study" }],
    want: [["R651A", "R651A"], ["R651B", "Study"]],
  },
];

for (const { name, configured = [], listed = [], heard = [], want } of ROWS) {
  Deno.test(`nameStations() ${name}`, () => {
    assert.deepEqual([...nameStations(configured, listed, heard)], want);
  });
}

Deno.test("topicName() removes what a topic cannot hold", () => {
  const rows: [string | undefined, string | undefined][] = [
    ["Study", "Study"],
    ["Büro 2", "Büro 2"],
    ["a/b+c#d", "a_b_c_d"],
    ["$SYS", "_SYS"],
    ["  ", undefined],
    ["", undefined],
    [undefined, undefined],
    ["x".repeat(65), "x".repeat(64)],
    ["a\u0000b", "a_b"],
  ];
  for (const [name, want] of rows) assert.equal(topicName(name), want, JSON.stringify(name));
});
