import assert from "node:assert/strict";
import { parseAgentKeyFile, parseAgentKeys } from "./agent_keys.ts";
import { KEYS_USAGE, runKeysCommand } from "./keys_command.ts";
import { parsePairing } from "./pairing.ts";

const A = "aa".repeat(32);
const B = "bb".repeat(32);

function desk(text?: string, isLoopbackOnly = false) {
  let made = 0;
  const state = { text };
  const run = (...args: string[]) =>
    runKeysCommand(args, {
      path: "/st/agent_keys.json",
      read: () => state.text,
      write: (next) => void (state.text = next),
      newKey: () => [A, B][made++] ?? "",
      broker: { host: "pi.lan", port: 8883, tls: true },
      agents: ["nas", "pc"],
      isLoopbackOnly,
    });
  return { run, state, keys: () => parseAgentKeyFile(state.text ?? "{}", "test") };
}

/** The line in an answer that an agent is paired with. */
const lineOf = (text: string) => text.split("\n").find((line) => line.startsWith("ecoflow-agent-1.")) ?? "";

Deno.test("runKeysCommand() adds a key and prints its pairing line", () => {
  const { run, keys } = desk();
  const { code, text } = run("add", "nas");
  assert.equal(code, 0);
  assert.deepEqual(parsePairing(lineOf(text)), {
    agent: "nas",
    key: A,
    host: "pi.lan",
    port: 8883,
    tls: true,
  });
  assert.deepEqual(keys(), { nas: { key: A } });
  assert.ok(!text.includes(A));
});

Deno.test("runKeysCommand() changes a key without a gap: the old one signs until the new one is activated", () => {
  const { run, keys, state } = desk(JSON.stringify({ nas: "cc".repeat(32), pc: B }));
  assert.equal(parsePairing(lineOf(run("rotate", "nas").text)).key, A);
  assert.deepEqual(keys().nas, { key: "cc".repeat(32), next: A });
  assert.equal(parseAgentKeys(state.text ?? "", "test").nas, "cc".repeat(32));
  assert.equal(run("activate", "nas").code, 0);
  assert.deepEqual(keys(), { nas: { key: A }, pc: { key: B } });
});

Deno.test("runKeysCommand() says so when no other computer can reach the broker, and only then", () => {
  assert.match(
    desk(undefined, true).run("add", "nas").text,
    /listens on loopback, so no other computer can connect/,
  );
  assert.doesNotMatch(desk().run("add", "nas").text, /loopback/);
});

Deno.test("runKeysCommand() says the next command whole", () => {
  const { run } = desk(JSON.stringify({ nas: A }));
  assert.match(run("rotate", "nas").text, /run: sudo ecoflow-power keys activate nas$/m);
  assert.match(desk().run("add", "nas").text, /after: sudo systemctl restart ecoflow-power /);
});

Deno.test("runKeysCommand() lists keys by their public names only, and agents without one", () => {
  const { run } = desk(JSON.stringify({ nas: { key: A, next: B } }));
  const { text } = run("list");
  assert.match(text, /^nas {2}signs with [0-9a-f]{8}, next [0-9a-f]{8}$/m);
  assert.match(text, /^pc {2}no key: unsigned$/m);
  assert.ok(!text.includes(A) && !text.includes(B));
});

Deno.test("runKeysCommand() removes a key", () => {
  const { run, keys } = desk(JSON.stringify({ nas: A }));
  assert.equal(run("remove", "nas").code, 0);
  assert.deepEqual(keys(), {});
});

const refused: readonly [args: string[], code: 1 | 64, wanted: RegExp | string][] = [
  [[], 64, KEYS_USAGE],
  [["add"], 64, KEYS_USAGE],
  [["list", "nas"], 64, KEYS_USAGE],
  [["add", "nas", "pc"], 64, KEYS_USAGE],
  [["forget", "nas"], 64, KEYS_USAGE],
  [["toString", "nas"], 64, KEYS_USAGE],
  [["add", "nas"], 1, /has a key already; change it with: keys rotate nas/],
  [["activate", "nas"], 1, /has no new key/],
  [["rotate", "pc"], 1, /"pc" has no key \(there are: "nas"\); give it one/],
  [["remove", "constructor"], 1, /"constructor" has no key/],
  [["add", "a/b"], 1, /must not contain/],
  [["add", "policy"], 1, /reserved/],
];
for (const [args, code, wanted] of refused) {
  Deno.test(`runKeysCommand() refuses "${args.join(" ")}" and changes nothing`, () => {
    const before = JSON.stringify({ nas: A });
    const { run, state } = desk(before);
    const answer = run(...args);
    assert.equal(answer.code, code);
    if (typeof wanted === "string") assert.equal(answer.text, wanted);
    else assert.match(answer.text, wanted);
    assert.equal(state.text, before);
  });
}

Deno.test("runKeysCommand() leaves a file alone that it cannot read, and shows no key", () => {
  for (const text of ["nonsense " + A, `{"nas":"${A}x"}`, `{"nas":{"key":"${A}","next":7}}`, "[]"]) {
    const { run, state } = desk(text);
    const answer = run("add", "pc");
    assert.equal(answer.code, 1);
    assert.match(answer.text, /Cannot read "\/st\/agent_keys.json"/);
    assert.ok(!answer.text.includes(A));
    assert.equal(state.text, text);
  }
});
