import assert from "node:assert/strict";
import { nutSourcesOf, parseNutPasswords, parseNutSources } from "./nut_sources.ts";

for (
  const [text, wanted, problem] of [
    ["{}", [], undefined],
    ['{"Study":{"ups":"u"}}', [{ device: "Study", ups: "u", host: "127.0.0.1", port: 3493 }], undefined],
    ['{"Study":{"ups":"u","host":"::1","port":65535}}', [
      { device: "Study", ups: "u", host: "::1", port: 65535 },
    ], undefined],
    ['{"Study":{"ups":"u","port":65536}}', [], /Study\.port: must be a port/],
    ['{"Study":{"ups":"a b"}}', [], /Study\.ups: must be a UPS name/],
    ['{"Study":{"ups":"u","user":"x","tls":true}}', [
      { device: "Study", ups: "u", host: "127.0.0.1", port: 3493, user: "x", tls: true },
    ], undefined],
    ['{"Study":{"ups":"u","password":"x"}}', [], /Study\.password/],
    ['{"Study":{"ups":"u","tls":"on"}}', [], /Study\.tls/],
    ['{"Study":7}', [], /Study: /],
    ['{"a/b":{"ups":"u"}}', [{ device: "a/b", ups: "u", host: "127.0.0.1", port: 3493 }], /"a\/b" must not/],
    ["[]", [], /must be JSON/],
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

Deno.test("parseNutPasswords() reads texts, and shows none of them", () => {
  const problems: string[] = [];
  assert.deepEqual([...parseNutPasswords('{"Study":"hunter2 x","Attic":7,"Cellar":""}', problems)], [
    ["Study", "hunter2 x"],
  ]);
  parseNutPasswords('{"Study":"secret"', problems);
  assert.equal(problems.length, 3);
  assert.doesNotMatch(problems.join(), /hunter2|secret|7/);
});

Deno.test("nutSourcesOf() adds log-in and TLS, and tells what does not fit", () => {
  const at = { ups: "u", host: "h", port: 1 };
  const problems: string[] = [];
  const passwords = new Map([["Study", "p"], ["Nobody", "q"], ["Plain", "r"]]);
  assert.deepEqual(
    nutSourcesOf(
      [
        { device: "Study", ...at, user: "me", tls: true },
        { device: "Attic", ...at, ups: "v", user: "me" },
        { device: "Plain", ...at, port: 2, tls: false },
        { device: "Study", ...at },
      ],
      { passwords, caPem: "PEM" },
      [],
      problems,
    ),
    [
      { device: "Study", ...at, login: { user: "me", password: "p" }, tls: { caPem: "PEM" } },
      { device: "Attic", ...at, ups: "v" },
      { device: "Plain", ...at, port: 2 },
      { device: "Study", ...at },
    ],
  );
  assert.equal(problems.length, 4);
  assert.match(problems.join("; "), /"Attic" needs a password.*"Study" must have one.*"Nobody".*"Plain"/);
});

Deno.test("nutSourcesOf() tells of one UPS that is to speak for two stations, and lets two of one server be", () => {
  const problemsOf = (...hosts: readonly [host: string, ups: string][]) => {
    const problems: string[] = [];
    const entries = hosts.map(([host, ups], at) => ({ device: `S${at}`, ups, host, port: 3493 }));
    nutSourcesOf(entries, { passwords: new Map() }, [], problems);
    return problems.join("; ");
  };
  assert.equal(problemsOf(["nas", "a"], ["nas", "b"], ["nas2", "a"]), "");
  assert.match(
    problemsOf(["nas", "a"], ["nas", "a"]),
    /"a" at nas:3493 must speak for one station, found "S0" and "S1"/,
  );
  assert.match(problemsOf(["localhost", "a"], ["127.0.0.1", "a"]), /this machine:3493 must speak for one/);
});
