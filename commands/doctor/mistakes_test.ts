/** Mistakes that people make, each played; judged by whether the answer names the cure. The rows of docs/mistakes.md. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLOUD = "ECOFLOW_USER=me@example.com\nECOFLOW_PASS=x\n";
const STUDY = `${CLOUD}ECOFLOW_DEVICE_LIST=R651ZEB400000000:Study\n`;
const NUT = "NUT_CONFIG_FILE=nut.toml\nNUT_LISTEN_HOST=127.0.0.1\n";
const nutWith = (password: string) =>
  `allow = ["127.0.0.1"]\n[[user]]\nname = "monuser"\npassword = '${password}'\n[[ups]]\nname = "ups"\n` +
  `device = "Study"\nhost = "nas"\n`;

/** Name as in the document, the configuration (absent: none), what the program must say; `nut.toml` where one is wanted. */
const rows: readonly [name: string, env: string | undefined, wanted: RegExp, nut?: string][] = [
  ["no configuration", undefined, /neither \.env nor .*Make one with: deno task setup/],
  ["no account", "STATE_DIR=s\n", /ECOFLOW_USER and ECOFLOW_PASS .* must be set/],
  ["half an account", "ECOFLOW_USER=me@example.com\n", /must be given together, found only ECOFLOW_USER/],
  ["a key with a typo", `${CLOUD}POLICY_SOC_MINN=10\n`, /did you mean "POLICY_SOC_MIN"/],
  ["a key given twice", `${CLOUD}POLICY_SOC_MIN=10\nPOLICY_SOC_MIN=20\n`, /given twice, in lines 3 and 4/],
  [
    "a number with its unit",
    `${CLOUD}POLICY_SOC_MIN=15%\n`,
    /a number without its unit.*found "15%"; write POLICY_SOC_MIN=15/,
  ],
  ["a number out of range", `${CLOUD}POLICY_SOC_MIN=110\n`, /from 0 to 100 %, found "110"/],
  ["a switch that is none", `${CLOUD}MQTT_TLS=perhaps\n`, /must be "on" or "off"/],
  ["a station with a typo", `${STUDY}DEVICE_TO_AGENTS_JSON={"Studdy":["pc"]}\n`, /did you mean "Study"/],
  [
    "a mapping that is no JSON",
    `${STUDY}DEVICE_TO_AGENTS_JSON={Study:pc}\n`,
    /must be JSON .*"station": \["host"\]/,
  ],
  ["a host that is no list", `${STUDY}DEVICE_TO_AGENTS_JSON={"Study":"pc"}\n`, /must have a list of agents/],
  ["a host twice", `${STUDY}DEVICE_TO_AGENTS_JSON={"Study":["pc","pc"]}\n`, /"pc" is listed twice/],
  ["a host with a slash", `${STUDY}DEVICE_TO_AGENTS_JSON={"Study":["a/b"]}\n`, /an agent of "Study" must/],
  [
    "a host with a reserved name",
    `${STUDY}DEVICE_TO_AGENTS_JSON={"Study":["orchestrator"]}\n`,
    /reserved word/,
  ],
  ["a short serial number", `${CLOUD}ECOFLOW_DEVICE_LIST=R6\n`, /4 to 32 letters and digits/],
  [
    "a name in place of the serial number",
    `${CLOUD}ECOFLOW_DEVICE_LIST=Study:R651ZEB400000000\n`,
    /must be "SERIAL:Name,…", found the serial number "STUDY", which has no digit/,
  ],
  [
    "a station by its serial number, which has a name",
    `${STUDY}DEVICE_TO_AGENTS_JSON={"R651ZEB400000000":["pc"]}\n`,
    /is the serial number of "Study": write that name, else pc would not be protected/,
  ],
  ["a serial number twice", `${CLOUD}ECOFLOW_DEVICE_LIST=R651A,R651A\n`, /listed twice/],
  ["two stations with one name", `${CLOUD}ECOFLOW_DEVICE_LIST=R651A:S,R651B:S\n`, /have the same name "S"/],
  ["a broker's port without its host", `${CLOUD}MQTT_PORT=1883\n`, /MQTT_PORT must come with MQTT_HOST/],
  [
    "a certificate without TLS",
    `${CLOUD}MQTT_HOST=a\nMQTT_CA_FILE=nut.toml\n`,
    /PEM file|need MQTT_TLS=on/,
    "x",
  ],
  [
    "a certificate that is not there",
    `${CLOUD}MQTT_HOST=a\nMQTT_TLS=on\nMQTT_CA_FILE=no.pem\n`,
    /MQTT_CA_FILE "no\.pem"/,
  ],
  ["a password without its user", `${CLOUD}MQTT_HOST=a\nMQTT_PASS=x\n`, /MQTT_PASS needs MQTT_USER/],
  ["a policy file that is not there", `${CLOUD}POLICY_FILE=no.toml\n`, /Cannot read POLICY_FILE "no\.toml"/],
  [
    "a NUT server without its address",
    `${STUDY}NUT_CONFIG_FILE=nut.toml\n`,
    /must come with NUT_LISTEN_HOST/,
    nutWith("a"),
  ],
  ["a NUT address without its file", `${STUDY}NUT_LISTEN_HOST=127.0.0.1\n`, /must come with NUT_CONFIG_FILE/],
  ["a NUT password with a blank", `${STUDY}${NUT}`, /password.*must/i, nutWith("a b")],
  ['a NUT password with a "', `${STUDY}${NUT}`, /password.*must/i, nutWith('a"b')],
  [
    "a UPS of a station with a typo",
    `${STUDY}${NUT}`,
    /ups "ups": there is no station "Studdy"; did you mean "Study"\?/,
    nutWith("a").replace("Study", "Studdy"),
  ],
  [
    "a NUT host that nobody can log in for",
    `${STUDY}${NUT}`,
    /must be a \[\[user\]\] that the client of nas can log in with/,
    nutWith("a").replace(/\[\[user\]\]\n.*\n.*\n/, ""),
  ],
  [
    "one port for two services",
    `${STUDY}DASHBOARD_LISTEN=127.0.0.1:1883\n`,
    /MQTT_EMBEDDED_PORT and DASHBOARD_LISTEN must not be the same port, found 1883 for both/,
  ],
  ["a NUT file that is no TOML", `${STUDY}${NUT}`, /nut\.toml/, "allow ="],
  [
    "Home Assistant's prefix alone",
    `${CLOUD}HOME_ASSISTANT_PREFIX=ha\n`,
    /must come with HOME_ASSISTANT_DISCOVERY=on/,
  ],
  [
    "an empty secret file",
    `${CLOUD.replace("PASS=x", "PASS_FILE=nut.toml")}`,
    /must hold the secret, found an empty file/,
    "",
  ],
  [
    "the daemon does not run",
    `${CLOUD}MQTT_EMBEDDED_PORT=9\n`,
    /the daemon does not run; start it: deno task start/,
  ],
];

for (const [name, env, wanted, nut] of rows) {
  Deno.test(`mistake: ${name}: the cure is named`, async () => {
    const dir = Deno.makeTempDirSync();
    try {
      if (env !== undefined) Deno.writeTextFileSync(join(dir, ".env"), env, { mode: 0o600 });
      if (nut !== undefined) Deno.writeTextFileSync(join(dir, "nut.toml"), nut);
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-check", "--no-prompt", "--allow-read", "--allow-env", "--allow-net"]
          .concat(["--allow-sys=hostname,statfs", join(ROOT, "main.ts"), "doctor"]),
        cwd: dir,
      }).output();
      const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("").replaceAll(
        /\s+/g,
        " ",
      );
      assert.notEqual(code, 0, said);
      assert.match(said, wanted);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
}

Deno.test("docs/mistakes.md has a row for each mistake", () => {
  const text = readFileSync(join(ROOT, "docs/mistakes.md"), "utf8");
  assert.deepEqual(rows.map(([name]) => name).filter((name) => !text.includes(`| ${name} |`)), []);
});
