import assert from "node:assert/strict";
import { parseNutSources } from "./nut_sources.ts";

for (
  const [text, wanted, problem] of [
    ["{}", [], undefined],
    ['{"Study":{"ups":"u"}}', [{ device: "Study", ups: "u", host: "127.0.0.1", port: 3493 }], undefined],
    ['{"Study":{"ups":"u","host":"::1","port":65535}}', [
      { device: "Study", ups: "u", host: "::1", port: 65535 },
    ], undefined],
    ['{"Study":{"ups":"u","port":65536}}', [], /Study\.port: must be a port/],
    ['{"Study":{"ups":"a b"}}', [], /Study\.ups: must be a UPS name/],
    ['{"Study":{"ups":"u","user":"x"}}', [], /Study\.user/],
    ['{"Study":{}}', [], /Study\.ups/],
    ["[", [], /must be JSON/],
  ] as const
) {
  Deno.test(`parseNutSources() reads ${text}`, () => {
    const problems: string[] = [];
    assert.deepEqual(parseNutSources(text, problems), wanted);
    if (problem) assert.match(problems.join(), problem);
    else assert.deepEqual(problems, []);
  });
}
