import assert from "node:assert/strict";
import { editEnv } from "../../lib/config/env/edit_env.ts";
import { readEnvFile } from "../../lib/config/env_file.ts";
import { KEYS } from "../../lib/config/keys.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { convertText } from "../../lib/config/read_keys.ts";
import { ConfigError } from "../../lib/errors.ts";
import { AGENT_KEYS } from "../../agents/settings/keys.ts";
import { wantedFiles } from "./gen_keys.ts";

const example = wantedFiles().get(".env.example") ?? "";
const page = wantedFiles().get("docs/keys.md") ?? "";

Deno.test(".env.example has every key once, and sets none", () => {
  const named = [...example.matchAll(/^#([A-Z0-9_]+)=/gm)].map((match) => match[1]);
  assert.deepEqual(named, Object.keys(KEYS));
  assert.deepEqual(readEnvFile(example, ".env"), { values: {}, problems: [] });
});

Deno.test(".env.example as it is lacks an account and nothing else", () => {
  const load = () =>
    loadConfig({
      file: { name: ".env", text: example },
      environment: {},
      exists: () => false,
      readFile: () => "",
    });
  assert.throws(load, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.problems.length, 1);
    return /ECOFLOW_USER and ECOFLOW_PASS .* must be set/.test(error.problems[0] ?? "");
  });
});

Deno.test(".env.example has behind each key what the key takes", () => {
  const { values, problems } = readEnvFile(example.replaceAll(/^#(?=[A-Z0-9_]+=)/gm, ""), ".env");
  assert.deepEqual(problems, []);
  for (const [key, spec] of Object.entries(KEYS)) {
    const text = values[key];
    assert.ok(text !== undefined, key);
    if (text !== "") assert.doesNotThrow(() => convertText(key, spec, text), key);
  }
});

Deno.test("editEnv() sets a key of .env.example below its own line", () => {
  const lines = editEnv(example, { POLICY_SOC_MIN: "15", MQTT_PASS: "a b" }).split("\n");
  assert.equal(lines[lines.indexOf("#POLICY_SOC_MIN=10") + 1], "POLICY_SOC_MIN=15");
  assert.equal(lines[lines.indexOf("#MQTT_PASS=") + 1], "MQTT_PASS='a b'");
});

Deno.test("docs/keys.md has every key of daemon and agent, in rows of four cells", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  const named = rows.map((row) => /^\| `([A-Z0-9_]+)` \|/.exec(row)?.[1]);
  assert.deepEqual(named, [...Object.keys(KEYS), ...Object.keys(AGENT_KEYS)]);
  for (const row of rows) assert.equal(row.replaceAll("\\|", "").split("|").length, 6, row);
});
