import { deepEqual, equal } from "node:assert/strict";
import { type Latch, LATCH_OFF, type LatchEffect, type LatchInput, stepLatch } from "./latch.ts";

const HOLD_MS = 60_000;
const wants: LatchInput = { kind: "policy", wants: true, isOver: false };
const notYet: LatchInput = { kind: "policy", wants: false, isOver: false };
const over: LatchInput = { kind: "policy", wants: false, isOver: true };
const command = (id: string): LatchInput => ({ kind: "command", id, lifeMs: 300_000 });
const shown = (session: number): LatchInput => ({ kind: "shown", session });
const ended = (session: number): LatchInput => ({ kind: "ended", session });
const abort: LatchInput = { kind: "abort" };
const tick: LatchInput = { kind: "tick" };

/** Plays inputs, each at its time in ms, and returns the last latch with what every step did. */
function play(...steps: readonly (readonly [nowMonoMs: number, input: LatchInput])[]) {
  let latch: Latch = LATCH_OFF;
  const effects: LatchEffect[] = [];
  for (const [nowMonoMs, input] of steps) {
    const step = stepLatch(latch, input, { nowMonoMs, holdMs: HOLD_MS });
    latch = step.latch;
    effects.push(...step.effects);
  }
  return { on: latch.on, effects: effects.map(text) };
}

function text(effect: LatchEffect): string {
  switch (effect.kind) {
    case "set":
      return `set ${effect.cause}`;
    case "shown":
      return `shown ${effect.commandId ?? "-"}`;
    case "cleared":
      return `cleared ${effect.why} ${effect.commandId ?? "-"}`;
  }
}

Deno.test("stepLatch() follows the rule of setting and clearing", () => {
  const rows: [
    name: string,
    steps: readonly (readonly [number, LatchInput])[],
    on: Latch["on"],
    effects: readonly string[],
  ][] = [
    [
      "nothing happens without a reason",
      [[0, tick], [1, notYet], [2, over], [3, abort], [4, shown(1)]],
      undefined,
      [],
    ],
    ["the policy's word sets it once", [[0, wants], [1, wants], [2, tick]], "policy", ["set policy"]],
    ["a command sets it", [[0, command("c")]], "policy", ["set policy"]],
    ["word and command together set it once", [[0, wants], [0, command("c")]], "policy", ["set policy"]],
    ["cleared at once when no client saw it", [[0, wants], [9, over]], undefined, [
      "set policy",
      "cleared in_time -",
    ]],
    [
      "an abort in time names the command",
      [[0, command("c")], [9, abort]],
      undefined,
      ["set policy", "cleared in_time c"],
    ],
    [
      "shown is told once a command",
      [[0, command("c")], [1, shown(1)], [2, shown(1)], [3, shown(2)]],
      "policy",
      ["set policy", "shown c"],
    ],
    [
      "a command that comes twice more while its answer is on the way is answered once",
      [[0, command("c")], [1, shown(1)], [2, command("c")], [3, command("c")], [4, shown(1)]],
      "policy",
      ["set policy", "shown c"],
    ],
    [
      "a second command to a host that sees FSD is answered too",
      [[0, command("c")], [1, shown(1)], [2, command("d")], [3, shown(1)]],
      "policy",
      ["set policy", "shown c", "shown d"],
    ],
    [
      "a second command to a host that is gone is not answered for it",
      [[0, wants], [0, command("c")], [1, shown(1)], [2, ended(1)], [3, command("d")]],
      "policy",
      ["set policy", "shown c"],
    ],
    [
      "an abort after a client saw it does not clear it",
      [[0, command("c")], [1, shown(1)], [2, abort], [2 + HOLD_MS - 1, tick]],
      "policy",
      ["set policy", "shown c"],
    ],
    [
      "the hold ends",
      [[0, command("c")], [1, shown(1)], [2, abort], [2 + HOLD_MS, tick]],
      undefined,
      ["set policy", "shown c", "cleared held c"],
    ],
    [
      "cleared when the only client that saw it is gone",
      [[0, wants], [1, shown(1)], [2, over], [3, ended(1)]],
      undefined,
      ["set policy", "shown -", "cleared obeyed -"],
    ],
    [
      "not cleared while a second client that saw it is there",
      [[0, wants], [1, shown(1)], [1, shown(2)], [2, over], [3, ended(1)]],
      "policy",
      ["set policy", "shown -"],
    ],
    [
      "a client that did not see it does not count",
      [[0, wants], [1, shown(1)], [2, over], [3, ended(2)]],
      "policy",
      ["set policy", "shown -"],
    ],
    [
      "stays while the policy wants it, though all are gone",
      [[0, wants], [1, shown(1)], [2, ended(1)], [999_999, tick]],
      "policy",
      ["set policy", "shown -"],
    ],
    [
      "is cleared afterwards at once, so that a host that boots is not sent down again",
      [[0, wants], [1, shown(1)], [2, ended(1)], [3, over]],
      undefined,
      ["set policy", "shown -", "cleared obeyed -"],
    ],
    [
      "a command alone ends with the host",
      [[0, command("c")], [1, shown(1)], [2, ended(1)]],
      undefined,
      ["set policy", "shown c", "cleared obeyed c"],
    ],
    ["a command nobody saw holds 1 ms before its end", [[0, command("c")], [299_999, tick]], "policy", [
      "set policy",
    ]],
    [
      "a command nobody saw ends with its time",
      [[0, command("c")], [300_000, tick]],
      undefined,
      ["set policy", "cleared in_time c"],
    ],
    [
      "a status from before the command does not undo it",
      [[0, command("c")], [1, notYet]],
      "policy",
      ["set policy"],
    ],
    ["the end of the outage undoes a command", [[0, command("c")], [1, over]], undefined, [
      "set policy",
      "cleared in_time c",
    ]],
    [
      "wanted again during the hold starts the hold anew",
      [[0, wants], [1, shown(1)], [2, over], [50_000, wants], [60_000, over], [119_999, tick]],
      "policy",
      ["set policy", "shown -"],
    ],
    [
      "the host's own client sets it until it is gone",
      [[0, { kind: "client_fsd", session: 1 }], [1, shown(2)], [2, ended(2)]],
      "client",
      ["set client", "shown -"],
    ],
    [
      "and it ends with that client",
      [[0, { kind: "client_fsd", session: 1 }], [5, ended(1)]],
      undefined,
      ["set client", "shown -", "cleared obeyed -"],
    ],
    [
      "the policy's word weighs more than the client's",
      [[0, { kind: "client_fsd", session: 1 }], [1, wants]],
      "policy",
      ["set client", "shown -"],
    ],
  ];
  for (const [name, steps, on, effects] of rows) {
    const result = play(...steps);
    equal(result.on, on, name);
    deepEqual(result.effects.toSorted(), effects.toSorted(), name);
  }
});

const named = (id: string, isAnswered = false, wanted = true): LatchInput => ({
  kind: "policy",
  wants: wanted,
  isOver: false,
  named: { id, isAnswered },
});
const answers: readonly [
  name: string,
  steps: readonly (readonly [number, LatchInput])[],
  on: Latch["on"],
  effects: readonly string[],
][] = [
  [
    "a command that comes again 4999 ms after its answer has crossed it",
    [[0, command("c")], [1, shown(1)], [5000, command("c")], [5001, shown(1)]],
    "policy",
    ["set policy", "shown c"],
  ],
  [
    "a command that comes again 5000 ms after its answer is answered again",
    [[0, command("c")], [1, shown(1)], [5001, command("c")]],
    "policy",
    ["set policy", "shown c", "shown c"],
  ],
  [
    "an aborted command that comes again stays aborted",
    [[0, command("c")], [1, shown(1)], [2, abort], [3, command("c")], [2 + HOLD_MS, tick]],
    undefined,
    ["set policy", "shown c", "cleared held c"],
  ],
  [
    "a new command after an aborted one counts",
    [[0, command("c")], [1, shown(1)], [2, abort], [3, command("d")], [2 + HOLD_MS, tick]],
    "policy",
    ["set policy", "shown c", "shown d"],
  ],
  [
    "a command that the status names is answered once",
    [[0, named("c")], [1, shown(1)], [2, named("c")], [3, shown(2)]],
    "policy",
    [
      "set policy",
      "shown c",
    ],
  ],
  ["a command that the status calls answered is not", [[0, named("c", true)], [1, shown(1)]], "policy", [
    "set policy",
  ]],
  [
    "another command that the status names is answered too",
    [[0, named("c")], [1, shown(1)], [2, named("d")]],
    "policy",
    [
      "set policy",
      "shown c",
      "shown d",
    ],
  ],
  [
    "a status that names none forgets the one before",
    [[0, named("c")], [1, wants], [2, shown(1)]],
    "policy",
    ["set policy", "shown -"],
  ],
  [
    "a named command that then comes, within the way of the answer, is not answered twice",
    [[0, named("c")], [1, shown(1)], [5000, command("c")]],
    "policy",
    ["set policy", "shown c"],
  ],
  [
    "a named command that then comes, later, is answered again",
    [[0, named("c")], [1, shown(1)], [5001, command("c")]],
    "policy",
    ["set policy", "shown c", "shown c"],
  ],
  [
    "another command than the named one is answered for itself",
    [[0, named("c")], [1, shown(1)], [2, command("d")]],
    "policy",
    ["set policy", "shown c", "shown d"],
  ],
  [
    "a command's life counts from the last time it came",
    [[0, command("c")], [200_000, command("c")], [499_999, tick]],
    "policy",
    ["set policy"],
  ],
  [
    "a named command that nobody saw ends with the policy's word, without a name when it was answered before",
    [[0, named("c", true)], [1, over]],
    undefined,
    ["set policy", "cleared in_time -"],
  ],
  [
    "a command that was seen does not end with its life",
    [[0, command("c")], [1, shown(1)], [300_001, tick]],
    "policy",
    ["set policy", "shown c"],
  ],
  [
    "the hold is counted from when nobody wanted it any more",
    [[0, wants], [1, shown(1)], [100_000, notYet], [100_000 + HOLD_MS - 1, tick]],
    "policy",
    ["set policy", "shown -"],
  ],
  [
    "and ends on time",
    [[0, wants], [1, shown(1)], [100_000, notYet], [130_000, tick], [100_000 + HOLD_MS, tick]],
    undefined,
    ["set policy", "shown -", "cleared held -"],
  ],
  [
    "an abort takes back the policy's word as well",
    [[0, wants], [1, abort]],
    undefined,
    ["set policy", "cleared in_time -"],
  ],
  [
    "a second FSD of the host's own client changes nothing",
    [[0, { kind: "client_fsd", session: 1 }], [1, { kind: "client_fsd", session: 2 }], [2, ended(1)]],
    "client",
    ["set client", "shown -"],
  ],
  [
    "FSD of the host's own client while the policy wants it stays the policy's",
    [[0, wants], [1, { kind: "client_fsd", session: 1 }]],
    "policy",
    ["set policy", "shown -"],
  ],
  [
    "what was shown before is forgotten when it is cleared",
    [[0, wants], [1, shown(1)], [2, ended(1)], [3, over], [4, wants], [5, over]],
    undefined,
    ["set policy", "shown -", "cleared obeyed -", "set policy", "cleared in_time -"],
  ],
];
for (const [name, steps, on, effects] of answers) {
  Deno.test(`stepLatch(): ${name}`, () => {
    const result = play(...steps);
    equal(result.on, on);
    deepEqual(result.effects, effects);
  });
}
