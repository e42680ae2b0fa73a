import assert from "node:assert/strict";
import { ConfigError } from "../../lib/errors.ts";
import { loadAgentConfig } from "./config.ts";
import { AGENT_KEYS } from "./keys.ts";
import { linuxPlatform } from "../platform/linux.ts";
import { MACOS } from "../platform/macos.ts";

const KEY = "ab".repeat(32);
const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
const FILES: Record<string, string> = {
  "/pem": `${PEM}\n`,
  "/empty": "",
  "/k": `${KEY}\n`,
  "/short": "abcd",
  "/pass": "word\n",
  "/sudo": '[[pre_shutdown]]\nrun = ["sudo", "sync"]\n[shutdown]\nrun = ["sudo", "off"]\n',
  "/toml": '[[pre_shutdown]]\nrun = ["a", "b"]\n',
};
const load = (
  text: string,
  environment: Record<string, string> = {},
  platform = linuxPlatform(true),
  isRoot = true,
) =>
  loadAgentConfig({
    platform,
    isRoot,
    defaultStateDir: "/state",
    file: { name: "agent.env", text },
    environment,
    readFile: (path) => {
      const found = FILES[path];
      if (found === undefined) throw new Error("no such file");
      return found;
    },
  });
const BASE = "AGENT_ID=pc\nMQTT_HOST=broker\nAGENT_KEY_FILE=/k\n";

Deno.test("loadAgentConfig() reads the predecessor's names and fills in defaults", () => {
  const config = load(
    'AGENT_ID=pc\nMQTT_BROKER=broker\nPRE_SHUTDOWN_CMD_2=sync\nPRE_SHUTDOWN_CMD_1="stop it"\nSHUTDOWN_CMD=off\n',
  );
  const rest = { limitMs: 30_000, onFailure: "continue" };
  assert.deepEqual(config.commands.before, [
    { name: "stop it", argv: ["stop", "it"], ...rest },
    { name: "sync", argv: ["sync"], ...rest },
  ]);
  assert.deepEqual(config.commands.last.now, [["off"]]);
  assert.equal(config.broker.host, "broker");
  assert.equal(config.broker.port, 1883);
  assert.equal(config.rehearsal, false);
  assert.equal(config.stateDir, "/state");
  assert.equal(config.keyFile, "/state/agent_key");
  assert.equal(config.aloneAfterSec, 120);
  assert.equal(config.shutdownDelaySec, 60);
});

Deno.test("loadAgentConfig() tells all problems at once and shows no secret", () => {
  const wrong = `AGENT_ID=policy
MQTT_PORT=0
REHEARSAL=perhaps
AGENT_KEY_FILE=/short
COLOUR=red
MQTT_USER=u
MQTT_PASS=hush
MQTT_PASS_FILE=/pass
MQTT_CA_FILE=/nowhere
SHUTDOWN_MODE=sleep
PRE_SHUTDOWN_ON_FAILURE=perhaps
PRE_SHUTDOWN_LIMIT_SEC=0
ALONE_AFTER_SEC=29
POWER_MANAGER_BASE=a//b
LOG_LEVEL=loud
COMMANDS_FILE=/nowhere
`;
  assert.throws(() => load(wrong), (error) => {
    assert.ok(error instanceof ConfigError);
    const named = error.problems.map((problem) => /[A-Z_]{6,}|COLOUR/.exec(problem)?.[0]).sort();
    assert.deepEqual(named, [
      "AGENT_ID",
      "AGENT_KEY_FILE",
      "ALONE_AFTER_SEC",
      "COLOUR",
      "COMMANDS_FILE",
      "LOG_LEVEL",
      "MQTT_CA_FILE",
      "MQTT_HOST",
      "MQTT_PASS",
      "MQTT_PORT",
      "POWER_MANAGER_BASE",
      "PRE_SHUTDOWN_LIMIT_SEC",
      "PRE_SHUTDOWN_ON_FAILURE",
      "REHEARSAL",
      "SHUTDOWN_MODE",
    ]);
    assert.ok(!error.message.includes("hush") && !error.message.includes("abcd"));
    return true;
  });
});

Deno.test("loadAgentConfig() takes a password from a file and a port for TLS", () => {
  const config = load(`${BASE}MQTT_USER=u\nMQTT_PASS_FILE=/pass\nMQTT_TLS=on\nMQTT_CA_FILE=/pem\n`);
  assert.equal(config.broker.password, "word");
  assert.equal(config.broker.port, 8883);
  assert.deepEqual(config.broker.tls, { ca: PEM });
  for (const path of ["/k", "/empty"]) {
    assert.throws(
      () => load(`${BASE}MQTT_TLS=on\nMQTT_CA_FILE=${path}\n`),
      /MQTT_CA_FILE "\/(k|empty)" must be a PEM file/,
    );
  }
  assert.equal(config.keyFile, "/k");
});

Deno.test("loadAgentConfig() lets the environment win over the file", () => {
  const config = load(`${BASE}MQTT_PORT=1\n`, {
    MQTT_PORT: "2",
    STATE_DIRECTORY: "/given",
    SHELL: "/bin/sh",
  });
  assert.equal(config.broker.port, 2);
  assert.equal(config.stateDir, "/given");
});

Deno.test("loadAgentConfig() reads the commands file, and refuses lines beside it", () => {
  const config = load(`${BASE}COMMANDS_FILE=/toml\nPRE_SHUTDOWN_LIMIT_SEC=5\n`);
  assert.deepEqual(config.commands.before, [
    { name: "a b", argv: ["a", "b"], limitMs: 5000, onFailure: "continue" },
  ]);
  for (const beside of ["PRE_SHUTDOWN_CMD_1=x", "SHUTDOWN_CMD=x", "ABORT_CMD=x", "SHUTDOWN_MODE=hibernate"]) {
    assert.throws(() => load(`${BASE}COMMANDS_FILE=/toml\n${beside}\n`), /must not be set beside it/);
  }
});

Deno.test("loadAgentConfig() refuses what this system cannot do", () => {
  assert.throws(
    () => load(`${BASE}SHUTDOWN_MODE=hibernate\n`, {}, MACOS),
    /SHUTDOWN_MODE must be "poweroff" here/,
  );
});

Deno.test("loadAgentConfig() with ACT_ALONE=false never acts alone", () => {
  assert.equal(load(`${BASE}ACT_ALONE=false\n`).aloneAfterSec, undefined);
});

const SUDO = `PRE_SHUTDOWN_CMD_1="sudo docker stop $(docker ps -q)"
SHUTDOWN_CMD="sudo shutdown -h +1"
ABORT_CMD="sudo shutdown -c"
`;
Deno.test("loadAgentConfig() leaves out the sudo of the predecessor's examples, and says so", () => {
  const { commands, notices } = load(BASE + SUDO);
  assert.deepEqual(commands.before[0]?.argv, ["sh", "-c", "docker stop $(docker ps -q)"]);
  assert.deepEqual(commands.last.now, [["shutdown", "-h", "+1"]]);
  assert.deepEqual(commands.last.cancel, ["shutdown", "-c"]);
  assert.equal(notices.length, 3);
  assert.match(notices.join("\n"), /^SHUTDOWN_CMD: "sudo" is left out, .* it runs: shutdown -h \+1$/m);
});

Deno.test("loadAgentConfig() leaves sudo to an agent that is not root: there it may be what makes the command work", () => {
  const { commands, notices } = load(BASE + SUDO, {}, linuxPlatform(true), false);
  assert.deepEqual(commands.last.now, [["sudo", "shutdown", "-h", "+1"]]);
  assert.deepEqual(notices, []);
});

Deno.test("loadAgentConfig() reads the commands file without sudo too, and refuses another user wherever it stands", () => {
  const { commands, notices } = load(`${BASE}COMMANDS_FILE=/sudo\n`);
  assert.deepEqual(commands.before[0]?.argv, ["sync"]);
  assert.deepEqual(commands.last.now, [["off"]]);
  assert.equal(notices.length, 2);
  assert.throws(
    () => load(`${BASE}PRE_SHUTDOWN_CMD_3=sudo -u bob x\nABORT_CMD=sudo -g wheel y\n`),
    (error) =>
      error instanceof ConfigError && error.problems.length === 2 &&
      error.problems.some((text) => text.startsWith('PRE_SHUTDOWN_CMD_3 must not use "sudo -u"')),
  );
});

Deno.test("loadAgentConfig() refuses PowerShell where there is none", () => {
  assert.throws(
    () => load(`${BASE}SHUTDOWN_CMD=powershell: Stop-Computer\n`),
    /SHUTDOWN_CMD must not begin with/,
  );
});

Deno.test("loadAgentConfig() shows no secret that was put under a wrong key", () => {
  for (const key of Object.keys(AGENT_KEYS)) {
    if (/_(FILE|DIR)$/.test(key)) continue;
    for (const value of ["hunter2-MISPLACED", "hunter2-MISPLACED #x", '"hunter2-MISPLACED']) {
      const base = BASE.replace(new RegExp(`^${key}=.*\n`, "m"), "");
      try {
        load(`${base}${key}=${value}\n`);
      } catch (error) {
        assert.doesNotMatch(String(error), /MISPLACED/, `${key}=${value}`);
      }
    }
  }
  assert.throws(() => load(`${BASE}aHVudGVyMi1NSVNQTEFDRUQ=\n`), (error) => !/aHVudGVy/.test(String(error)));
});

Deno.test("loadAgentConfig() reads an env file as the daemon does: byte order mark, CR LF, quotes, number signs", () => {
  const text = `\ufeffPRE_SHUTDOWN_CMD_1=/bin/backup\r\n${
    BASE.replaceAll("\n", "\r\n")
  }MQTT_USER=u\r\nMQTT_PASS='it'\\''s#1'\r\n`;
  const config = load(text);
  assert.deepEqual(config.commands.before[0]?.argv, ["/bin/backup"]);
  assert.equal(config.broker.password, "it's#1");
  assert.throws(
    () => load(`${BASE}MQTT_USER=u\nMQTT_PASS="abc"def\n`),
    /agent\.env line 5: has text after the closing "/,
  );
});

for (
  const [line, wanted] of [
    [
      "MQTT_HOST=pi:1883",
      /MQTT_HOST must be a host name or an IP address, without port .* the port is MQTT_PORT/,
    ],
    ["MQTT_HOST=mqtt://pi.lan", /MQTT_HOST must be a host name/],
    ["MQTT_HOST=fd00::1", undefined],
    ["MQTT_HOST=fe80::1%eth0", undefined],
    ["MQTT_HOST=pi.lan\nACT_ALONE=maybe", /ACT_ALONE must be "on" or "off"/],
  ] as const
) {
  Deno.test(`loadAgentConfig() ${wanted ? "refuses" : "takes"} ${line.replace("\n", ", ")}`, () => {
    const text = `AGENT_ID=pc\nAGENT_KEY_FILE=/k\n${line}\n`;
    if (wanted) assert.throws(() => load(text), wanted);
    else load(text);
  });
}
