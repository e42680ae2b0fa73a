import assert from "node:assert/strict";
import { nutSourcesOf, parseNutPasswords, parseNutSources } from "./nut_sources.ts";

for (
  const [text, wanted, problem] of [
    ["{}", [], undefined],
    ['{"Study":{"ups":"u"}}', [{ device: "Study", ups: "u", host: "127.0.0.1", port: 3493 }], undefined],
    ['{"Study":{"ups":"u","host":"::1","port":65535}}', [
      { device: "Study", ups: "u", host: "::1", port: 65535 },
    ], undefined],
    ['{"Study":{"ups":"u","port":65536}}', [], /"Study": "port" must be a port, 1 to 65535, found 65536/],
    ['{"Study":{"ups":"a b"}}', [], /"Study": "ups" must be a UPS name of NUT, found 3 characters/],
    ['{"Study":{"ups":"u","user":"x","tls":true}}', [
      { device: "Study", ups: "u", host: "127.0.0.1", port: 3493, user: "x", tls: true },
    ], undefined],
    [
      '{"Study":{"ups":"u","password":"x"}}',
      [],
      /"Study": must not have a key of 8 characters.*known: ups, host/,
    ],
    ['{"Study":{"ups":"u","tls":"on"}}', [], /"Study": "tls" must be boolean, found 2 characters/],
    ['{"Study":7}', [], /"Study": must be Object, found 7/],
    ['{"a/b":{"ups":"u"}}', [{ device: "a/b", ups: "u", host: "127.0.0.1", port: 3493 }], /"a\/b" must not/],
    ["[]", [], /must be JSON/],
    ['{"Study":{}}', [], /"Study": "ups" must be given/],
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

for (
  const text of [
    '{"Study":"hunter2"}',
    '{"Study":{"ups":"a","hunter2":1}}',
    '{"Study":{"ups":"hunter 2"}}',
    '{"Study":{"ups":"a","host":"me:hunter2@nas"}}',
    '{"Study":{"ups":"a","port":"hunter2"}}',
    '{"Study":{"ups":"a","tls":"hunter2"}}',
    '{"Study":{"ups":["hunter2"]}}',
    '{"Study":{"ups":"a","serial":"hunter2\u0001"}}',
    '["hunter2"]',
    '"hunter2"',
    "hunter2",
  ]
) {
  Deno.test(`parseNutSources() shows nothing of ${text}, which a password may be`, () => {
    const problems: string[] = [];
    parseNutSources(text, problems);
    assert.equal(problems.length, 1);
    assert.doesNotMatch(problems.join(), /hunter/);
  });
}

Deno.test("a password that stands where the station's name belongs is in no problem", () => {
  const problems: string[] = [];
  const at = { ups: "u", host: "h", port: 1 };
  const entries = [{ device: "Study", ...at, user: "me" }];
  const passwords = parseNutPasswords(
    '{"hunter2":"Study","hunter3":"","Attic":"hunter4","Study":"p"}',
    problems,
  );
  nutSourcesOf(entries, { passwords }, [{ sn: "R651SIM000000001", name: "Attic" }], problems);
  assert.deepEqual(problems, [
    "NUT_SOURCE_PASSWORDS_JSON: entry 2, a name of 7 characters, must have a password of 1 to 128 printable characters",
    "NUT_SOURCE_PASSWORDS_JSON: a name of 7 characters must be a station with a NUT server and a user (known: Study)",
    'NUT_SOURCE_PASSWORDS_JSON: "Attic" must be a station with a NUT server and a user (known: Study)',
  ]);
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
  assert.match(
    problems.join("; "),
    /"Attic" needs a password.*"Study" must have one.*a name of 6 characters.*"Plain"/,
  );
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
  for (
    const [one, other] of [["localhost", "127.0.0.1"], ["LocalHost", "::1"], [
      "127.0.0.1",
      "127.0.0.2",
    ]] as const
  ) {
    assert.match(problemsOf([one, "a"], [other, "a"]), /this machine:3493 must speak for one/);
  }
  assert.match(problemsOf(["nas.lan", "a"], ["NAS.lan", "a"]), /nas\.lan:3493 must speak for one/);
  assert.equal(problemsOf(["127.example", "a"], ["127.0.0.1", "a"]), "");
});
