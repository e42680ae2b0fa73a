import assert from "node:assert/strict";
import { roomProblem } from "./rooms.ts";

const P = "services/policy_engine";
const rows: readonly [from: string, to: string, problem: RegExp | undefined][] = [
  [`${P}/service.ts`, `${P}/rules/rules.ts`, undefined],
  [`${P}/io/explain.ts`, `${P}/house.ts`, undefined],
  [`${P}/hosts/feeds.ts`, `${P}/outage/station.ts`, undefined],
  [`${P}/hosts/host.ts`, `${P}/hosts/host_phase.ts`, undefined],
  [`${P}/rules/rules.ts`, `${P}/hosts/host_phase.ts`, /rules is below hosts/],
  [`${P}/house.ts`, `${P}/io/explain.ts`, /house.ts is below io/],
  [`${P}/io/subscriptions.ts`, `${P}/config.ts`, /io is below \./],
  [`${P}/attic/new.ts`, `${P}/house.ts`, /"attic" .* on no floor/],
  ["services/soc_bridge/decode/intake.ts", "services/soc_bridge/judge/grid.ts", /decode is below judge/],
  ["services/historian/store.ts", "services/historian/config.ts", undefined],
  [`${P}/io/explain.ts`, "lib/time/clock.ts", undefined],
];
for (const [from, to, problem] of rows) {
  Deno.test(`roomProblem() ${problem ? "forbids" : "lets"} ${from} import ${to}`, () => {
    const found = roomProblem(from, to);
    if (problem) assert.match(found ?? "", problem);
    else assert.equal(found, undefined);
  });
}
