import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KEYS } from "../lib/config/keys.ts";
import { loadConfig, readSources } from "../lib/config/load.ts";
import { ownersRules } from "./owners_rules.ts";
import { ownersText, type SettingsPlaces, settingsText } from "./settings.ts";

const PLACES: SettingsPlaces = { file: "/x/.env", credentials: "/x/credentials", seesCredentials: true };

function shown(
  text: string,
  environment: Record<string, string> = {},
  places: Partial<SettingsPlaces> = {},
): Map<string, string> {
  const files: Record<string, string> = {
    "/x/credentials/mqtt_pass": "hush-credential\n",
    "/pw": "hush-file\n",
  };
  const reading = readSources({
    file: { name: ".env", text },
    environment: { CREDENTIALS_DIRECTORY: "/x/credentials", ...environment },
    exists: (path) => path in files,
    readFile: (path) => files[path] ?? assert.fail(path),
  });
  const table = settingsText(reading, { ...PLACES, ...places });
  assert.doesNotMatch(table, /hush/);
  return new Map(
    table.split("\n").filter((line) => line.startsWith("  ")).map((line) => {
      const [key = "", ...rest] = line.trim().split(/ {2,}/);
      return [key, rest.join(" | ")];
    }),
  );
}

Deno.test("settingsText() has every key once", () => {
  assert.deepEqual([...shown("").keys()].sort(), Object.keys(KEYS).sort());
});

const rows: readonly {
  readonly name: string;
  readonly text?: string;
  readonly environment?: Record<string, string>;
  readonly places?: Partial<SettingsPlaces>;
  readonly key: string;
  readonly line: string;
}[] = [
  { name: "a default with its unit", key: "POLICY_DEBOUNCE_SEC", line: "180 s | default" },
  { name: "a switch", text: "HISTORY=no", key: "HISTORY", line: "off | file" },
  { name: "nothing, and what holds then", key: "MQTT_PORT", line: "- | not set: 1883, with TLS 8883" },
  { name: "an empty value", text: "MQTT_USER=", key: "MQTT_USER", line: "- | not set" },
  {
    name: "the environment",
    environment: { GRID_RULE: "tag27" },
    key: "GRID_RULE",
    line: "tag27 | environment",
  },
  {
    name: "the environment before the file",
    text: "GRID_RULE=auto",
    environment: { GRID_RULE: "tag27" },
    key: "GRID_RULE",
    line: "tag27 | environment, not the file",
  },
  {
    name: "an alias",
    text: "ECOFLOW_USERNAME=me",
    key: "ECOFLOW_USER",
    line: "me | file, as ECOFLOW_USERNAME",
  },
  { name: "a secret", text: "ECOFLOW_PASS=hush", key: "ECOFLOW_PASS", line: "(hidden) | file" },
  {
    name: "a secret in a file of its own",
    text: "ECOFLOW_PASS_FILE=/pw",
    key: "ECOFLOW_PASS",
    line: "(hidden) | file, in the file of ECOFLOW_PASS_FILE",
  },
  { name: "a credential", key: "MQTT_PASS", line: "(hidden) | credential mqtt_pass" },
  {
    name: "a secret that may be where this user cannot look",
    places: { seesCredentials: false },
    key: "SMTP_PASS",
    line: "? | unknown, may be among the credentials",
  },
  {
    name: "a value that is refused, without it",
    text: "POLICY_SOC_MIN=hush",
    key: "POLICY_SOC_MIN",
    line: "? | cannot be used, see below",
  },
  {
    name: "a secret that is refused, without it",
    text: "DASHBOARD_METRICS_TOKEN=hush",
    key: "DASHBOARD_METRICS_TOKEN",
    line: "? | cannot be used, see below",
  },
  {
    name: "a secret that is given twice",
    text: "ECOFLOW_PASS=hush\nECOFLOW_PASS_FILE=/pw",
    key: "ECOFLOW_PASS",
    line: "? | cannot be used, see below",
  },
  {
    name: "JSON over several lines, on one",
    text: `DEVICE_TO_AGENTS_JSON='{\n "Study": ["nas"] }'`,
    key: "DEVICE_TO_AGENTS_JSON",
    line: '{"Study":["nas"]} | file',
  },
  {
    name: "control characters, escaped",
    environment: { MQTT_USER: "\x1b[31mred" },
    key: "MQTT_USER",
    line: '"\\u001b[31mred" | environment',
  },
  {
    name: "the state directory that systemd gave",
    places: { stateDirectory: "/var/lib/x" },
    key: "STATE_DIR",
    line: "- | not set: /var/lib/x",
  },
];

for (const { name, text = "", environment, places, key, line } of rows) {
  Deno.test(`settingsText() shows ${name}`, () =>
    assert.equal(shown(text, environment, places).get(key), line));
}

Deno.test("settingsText() with --set leaves out what nobody set, not what is refused", () => {
  const reading = readSources({
    file: { name: ".env", text: "HISTORY=off\nGRID_RULE=odd\n" },
    environment: {},
    exists: () => false,
    readFile: () => "",
  });
  const lines = settingsText(reading, PLACES, { isShort: true }).split("\n").filter((line) =>
    line.startsWith("  ")
  );
  assert.deepEqual(lines.map((line) => line.trim().split(" ")[0]), ["GRID_RULE", "HISTORY"]);
});

Deno.test("main() settings shows what holds, tells what is unknown or wrong, and ends with 78 then", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-settings-"));
  const env = join(dir, "test.env");
  const run = async (text: string) => {
    writeFileSync(env, text);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--allow-read",
        "--allow-env",
        "--allow-sys=hostname",
        fileURLToPath(new URL("../main.ts", import.meta.url)),
        "settings",
        "--env",
        env,
      ],
    }).output();
    const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: textOf(stdout), err: textOf(stderr) };
  };
  try {
    mkdirSync(join(dir, "credentials"));
    writeFileSync(join(dir, "credentials/ecoflow_pass"), "hush-hush\n");
    const good = await run("ECOFLOW_USER=me@example.com\nPUSHOVER_SOUND=siren\n");
    assert.equal(good.code, 0, good.err);
    assert.match(good.out, /^file: .*test\.env$/m);
    assert.match(good.out, /^ {2}ECOFLOW_PASS +\(hidden\) +credential ecoflow_pass$/m);
    assert.match(good.out, /^note: PUSHOVER_SOUND is not used by this version/m);
    const bad = await run(
      "ECOFLOW_USER=me@example.com\nMQTT_PORT=hush\nMQTT_HOTS=x\nDEVICE_TO_AGENTS_JSON=[]\n",
    );
    assert.equal(bad.code, 78);
    assert.match(bad.out, /^ {2}MQTT_PORT +\? +cannot be used, see below$/m);
    for (const part of ["MQTT_PORT must be a whole number", "MQTT_HOTS", "DEVICE_TO_AGENTS_JSON must be"]) {
      assert.ok(bad.err.includes(part), bad.err);
    }
    assert.doesNotMatch(good.out + good.err + bad.out, /hush/);
    const misplaced = await run(
      "ECOFLOW_USER=me@example.com\nMQTT_HOST=mqtt://me:hush@pi\nPUSHOVER_URL=https://me:hush@push.lan\n" +
        `NUT_SOURCES_JSON='{"Study":{"ups":"u","password":"hush"}}'\nSIMULATED_STATIONS=Played\n`,
    );
    assert.equal(misplaced.code, 78);
    for (const key of ["MQTT_HOST", "NUT_SOURCES_JSON"]) {
      assert.match(misplaced.out, new RegExp(`^ {2}${key} +\\? +cannot be used, see below$`, "m"));
    }
    assert.match(misplaced.out, /^ {2}SIMULATED_STATIONS +Played +file$/m);
    assert.doesNotMatch(misplaced.out + misplaced.err, /hush/);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

Deno.test("ownersText() says what the policy file has of each station itself", () => {
  const textOf = (policy: string) =>
    ownersText(ownersRules(loadConfig({
      environment: {
        ECOFLOW_CLOUD: "off",
        DEVICE_TO_AGENTS_JSON: '{"Study":["pc"],"Attic":["nas"]}',
        POLICY_FILE: "policy.toml",
      },
      exists: (path) => path === "policy.toml",
      readFile: (path) => path === "policy.toml" ? policy : assert.fail(path),
    })));
  assert.equal(textOf("blind_limit_min = 100\n"), "");
  assert.match(
    textOf('[station.Study]\ngrid = "off"\ntotal_wh = 3000\nmin_soc = 20\n'),
    /^\nStations, as the policy file has them\n {2}Study {2}grid = "off", total_wh = 3000, min_soc = 20\n$/,
  );
});
