import assert from "node:assert/strict";
import { editEnv } from "./edit_env.ts";
import { readEnvFile } from "../env_file.ts";

const FILE = `# A comment stays.
STATE_DIR=/var/lib/x

ECOFLOW_CLOUD=off
#ECOFLOW_USER=you@example.com
DEVICE_TO_AGENTS_JSON='{
  "Study": ["pc"]
}'
LAST=1
`;

Deno.test("editEnv() replaces, takes out, adds after the example, and leaves the rest", () => {
  const text = editEnv(FILE, {
    ECOFLOW_CLOUD: undefined,
    ECOFLOW_USER: "me@example.com",
    DEVICE_TO_AGENTS_JSON: '{"Cellar":["nas"]}',
    NEW: "2",
  });
  assert.equal(
    text,
    `# A comment stays.
STATE_DIR=/var/lib/x

#ECOFLOW_USER=you@example.com
ECOFLOW_USER=me@example.com
DEVICE_TO_AGENTS_JSON='{"Cellar":["nas"]}'
LAST=1
NEW=2
`,
  );
  assert.equal(editEnv(text, { ECOFLOW_USER: "me@example.com" }), text);
});

Deno.test("editEnv() does not touch a key's name inside another's quoted value", () => {
  const text = "A='\nB=1\n'\nB=2\n";
  assert.equal(editEnv(text, { B: "3" }), "A='\nB=1\n'\nB=3\n");
});

for (
  const value of [
    "",
    "plain",
    "two words",
    "it's",
    'say "hi"',
    "#no comment",
    '{"a":["b"]}',
    'it\'s "x"',
    "a`b",
  ]
) {
  Deno.test(`editEnv() writes ${JSON.stringify(value)} so that it is read back`, () => {
    const { values, problems } = readEnvFile(editEnv("", { KEY: value }), "test");
    assert.deepEqual([values.KEY, problems], [value, []]);
  });
}

Deno.test("editEnv() refuses what cannot be written", () => {
  assert.throws(() => editEnv("", { KEY: "a\nb" }), /Cannot write a value/);
  assert.throws(() => editEnv("", { KEY: "'`\"" }), /Cannot write a value/);
});
