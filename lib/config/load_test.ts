import assert from "node:assert/strict";
import { ConfigError } from "../errors.ts";
import { type ConfigSources, loadConfig } from "./load.ts";
import { readEnvFile } from "./env_file.ts";
import { KEYS } from "./keys.ts";

const ACCOUNT = "ECOFLOW_USER=me@example.com\nECOFLOW_PASS=secret-word\n";

function sources(text: string, { environment = {}, files = {} }: {
  environment?: Record<string, string>;
  files?: Record<string, string>;
} = {}): ConfigSources {
  return {
    file: { name: ".env", text },
    environment,
    exists: (path) => path in files,
    readFile: (path) => {
      const found = files[path];
      if (found === undefined) throw new Error("no such file");
      return found;
    },
  };
}

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  assert.fail("must be refused");
}

Deno.test("loadConfig() fills in the documented defaults", () => {
  const config = loadConfig(sources(ACCOUNT));
  assert.deepEqual(config.policy, {
    socMinPercent: 10,
    socStepPercent: 0,
    debounceSec: 180,
    cooldownSec: 300,
    abortWindowSec: 120,
    shutdownDelaySec: 60,
    commandTtlSec: 300,
  });
  assert.deepEqual(config.roots, { stations: "bridge-ecoflow", manager: "power-manager" });
  assert.equal(config.broker, undefined);
  assert.equal(config.gridRule, "auto");
  assert.equal(config.cloud.app?.user, "me@example.com");
  assert.deepEqual(config.remarks, []);
});

Deno.test("loadConfig() reads multi-line quoted JSON, names and aliases", () => {
  const config = loadConfig(sources(
    `ECOFLOW_USERNAME="me"
ECOFLOW_PASSWORD='p w'
ECOFLOW_DEVICE_LIST="r631zeb4wh000001:Study, R651000000000002"
DEVICE_TO_AGENTS_JSON='{
  "Study": ["study-pc", "nas"],
  "R651000000000002": []
}'
`,
  ));
  assert.deepEqual(config.stations, [{ sn: "R631ZEB4WH000001", name: "Study" }, { sn: "R651000000000002" }]);
  assert.deepEqual(config.agentsByStation, { Study: ["study-pc", "nas"], R651000000000002: [] });
  assert.equal(config.cloud.app?.pass, "p w");
});

Deno.test("loadConfig() lets the environment win over the file", () => {
  const config = loadConfig(
    sources(`${ACCOUNT}POLICY_SOC_MIN=20`, { environment: { POLICY_SOC_MIN: "30" } }),
  );
  assert.equal(config.policy.socMinPercent, 30);
});

Deno.test("loadConfig() tells five mistakes at once, each with what was wanted and what was seen", () => {
  const problems = problemsOf(() =>
    loadConfig(sources(`${ACCOUNT}POLICY_SOC_MIM=10
POLICY_SOC_MIN=110
POLICY_DEBOUNCE_SEC=soon
GRID_RULE=tag28
DEVICE_TO_AGENTS_JSON={"Study":"nas"}
`))
  );
  assert.deepEqual(problems, [
    'Unknown key "POLICY_SOC_MIM"; did you mean "POLICY_SOC_MIN"?',
    'GRID_RULE must be "auto" or "tag27", found "tag28"',
    'POLICY_SOC_MIN must be from 0 to 100 %, found "110"',
    'POLICY_DEBOUNCE_SEC must be a whole number from 0 to 86400 s, found "soon"',
    'DEVICE_TO_AGENTS_JSON: "Study" must have a list of agents, found "nas"',
  ]);
});

const socRows: readonly [text: string, ok: boolean][] = [
  ["0", true],
  ["-0.1", false],
  ["100", true],
  ["100.1", false],
  [
    "9.5",
    true,
  ],
  ["NaN", false],
  ["1e1", false],
  ["0x10", false],
];
for (const [text, ok] of socRows) {
  Deno.test(`loadConfig() ${ok ? "takes" : "refuses"} POLICY_SOC_MIN=${text}`, () => {
    const load = () => loadConfig(sources(`${ACCOUNT}POLICY_SOC_MIN=${text}`));
    if (ok) assert.equal(load().policy.socMinPercent, Number(text));
    else assert.equal(problemsOf(load).length, 1);
  });
}

Deno.test("loadConfig() without an account asks for one, and runs without it when the cloud is off", () => {
  assert.match(
    problemsOf(() => loadConfig(sources("")))[0] ?? "",
    /ECOFLOW_CLOUD=off runs without the cloud/,
  );
  assert.equal(loadConfig(sources("ECOFLOW_CLOUD=off")).cloud.enabled, false);
});

const bootIds: readonly [BOOT_ID: string | undefined, bootId: string | undefined][] = [
  ["11123664a0d147e980437d60fa1c4db0", "11123664a0d147e980437d60fa1c4db0"],
  ["11123664-A0D1-47e9-8043-7d60fa1c4db0\n", "11123664a0d147e980437d60fa1c4db0"],
  ["11123664a0d147e980437d60fa1c4db", undefined],
  ["%b", undefined],
  ["", undefined],
  [undefined, undefined],
];
for (const [given, bootId] of bootIds) {
  Deno.test(`loadConfig() with BOOT_ID=${JSON.stringify(given)} knows ${bootId} as this start of the system`, () => {
    const environment: Record<string, string> = given === undefined ? {} : { BOOT_ID: given };
    assert.equal(loadConfig(sources("ECOFLOW_CLOUD=off", { environment })).bootId, bootId);
  });
}

Deno.test("loadConfig() refuses half of a pair", () => {
  assert.deepEqual(problemsOf(() => loadConfig(sources("ECOFLOW_USER=me"))), [
    "ECOFLOW_USER and ECOFLOW_PASS must be given together, found only ECOFLOW_USER",
  ]);
});

Deno.test("loadConfig() reads secrets from files and credentials, and never from two places", () => {
  const files = { "/s/pass": "from-file\n", "/cred/ecoflow_pass": "from-credential\n" };
  const user = "ECOFLOW_USER=me\n";
  assert.equal(
    loadConfig(sources(`${user}ECOFLOW_PASS_FILE=/s/pass`, { files })).cloud.app?.pass,
    "from-file",
  );
  assert.equal(
    loadConfig(sources(user, { files, environment: { CREDENTIALS_DIRECTORY: "/cred" } })).cloud.app?.pass,
    "from-credential",
  );
  const directory = { "/cred/ecoflow-power_ecoflow_pass": "out-of-a-directory\n" };
  assert.equal(
    loadConfig(sources(user, { files: directory, environment: { CREDENTIALS_DIRECTORY: "/cred" } })).cloud.app
      ?.pass,
    "out-of-a-directory",
  );
  assert.match(
    problemsOf(() => loadConfig(sources(`${ACCOUNT}ECOFLOW_PASS_FILE=/s/pass`, { files })))[0] ?? "",
    /ECOFLOW_PASS must be given once, found ECOFLOW_PASS and ECOFLOW_PASS_FILE/,
  );
  assert.match(
    problemsOf(() => loadConfig(sources(`${user}ECOFLOW_PASS_FILE=/none`, { files })))[0] ?? "",
    /Cannot read ECOFLOW_PASS_FILE "\/none": no such file/,
  );
});

for (const key of ["ECOFLOW_PASS_FILE", "MQTT_PASS_FILE", "MQTT_CA_FILE", "POLICY_FILE", "NUT_CONFIG_FILE"]) {
  Deno.test(`loadConfig() does not show a secret that stands under ${key} itself`, () => {
    for (const secret of ["hunter2hunter2", "a/hunter2+Zm9v==", "hunter2.hunter2"]) {
      const readFile = (path: string): string => {
        throw new Error(`No such file or directory (os error 2): readfile '${path}'`);
      };
      const text =
        `${"ECOFLOW_USER=me\n"}MQTT_HOST=broker\nMQTT_USER=me\nNUT_LISTEN_HOST=127.0.0.1\n${key}=${secret}\n`;
      const problems = problemsOf(() => loadConfig({ ...sources(text), readFile })).join("\n");
      assert.match(problems, new RegExp(`${key}.*characters`));
      assert.ok(!problems.includes("hunter2"), problems);
    }
  });
}

Deno.test("loadConfig() never shows a secret in a problem", () => {
  const text =
    "ECOFLOW_USER=me\nECOFLOW_PASS=hunter2hunter2\nECOFLOW_PASSWORD=hunter2hunter2\nhunter2hunter2\n";
  assert.ok(!problemsOf(() => loadConfig(sources(text))).join().includes("hunter2"));
});

Deno.test("loadConfig() names the predecessor's notification keys that are not used, and starts", () => {
  const config = loadConfig(sources(`${ACCOUNT}TELEGRAM_CHAT=y\nNOTIFY_LEVEL=2`));
  assert.equal(config.remarks.length, 2);
  assert.match(config.remarks[0] ?? "", /^TELEGRAM_CHAT is not used/);
  assert.equal(config.notifier, undefined);
});

Deno.test("loadConfig() names an agent's keys in the daemon's file, and starts", () => {
  const config = loadConfig(
    sources(`${ACCOUNT}AGENT_ID=pc\nSHUTDOWN_CMD=sudo shutdown -h +1\nPRE_SHUTDOWN_CMD_1=sync`),
  );
  assert.equal(config.remarks.length, 3);
  assert.match(config.remarks[0] ?? "", /^AGENT_ID belongs into the configuration of an agent/);
});

const BOTH_WAYS =
  `${ACCOUNT}PUSHOVER_API_TOKEN=t\nPUSHOVER_USER_KEY=u\nTELEGRAM_BOT_TOKEN=1:t\nTELEGRAM_CHAT_ID=7\n`;
const switches: readonly [
  lines: string,
  channels: readonly string[],
  minus: readonly string[],
  step: number,
][] = [
  ["", ["pushover", "telegram"], [], 0],
  ["PUSHOVER_ENABLED=false", ["telegram"], [], 0],
  ["PUSHOVER_ENABLED=false\nTELEGRAM_ENABLED=false", [], [], 0],
  ["NOTIFY_GRID_LOSS=false", ["pushover", "telegram"], ["grid_lost"], 0],
  ["NOTIFY_GRID_RESTORED=false", ["pushover", "telegram"], ["grid_back", "called_off"], 0],
  ["NOTIFY_GRID_LOSS=false\nNOTIFY_EVENTS=normal,+grid_lost", ["pushover", "telegram"], [], 0],
  ["NOTIFY_SHUTDOWN_COMMANDS=no", ["pushover", "telegram"], ["shutdown_triggered", "shutdown_sent"], 0],
  ["NOTIFY_SOC_WARNINGS=true", ["pushover", "telegram"], [], 2],
  ["NOTIFY_SOC_WARNINGS=true\nPOLICY_SOC_STEP=10", ["pushover", "telegram"], [], 10],
  ["NOTIFY_SOC_WARNINGS=true\nPOLICY_SOC_STEP=0", ["pushover", "telegram"], [], 0],
];
for (const [lines, channels, minus, step] of switches) {
  Deno.test(`loadConfig() follows the predecessor's switches: ${lines.replaceAll("\n", ", ") || "none"}`, () => {
    const { notifier, policy } = loadConfig(sources(BOTH_WAYS + lines));
    assert.deepEqual(notifier?.channels.map(({ settings }) => settings.name) ?? [], channels);
    if (notifier) assert.deepEqual(notifier.channels[0]?.choice.minus, minus);
    assert.equal(policy.socStepPercent, step);
  });
}

const notifierRows: readonly [text: string, problem: RegExp][] = [
  ["PUSHOVER_TOKEN=x", /PUSHOVER_TOKEN and PUSHOVER_USER must be given together/],
  [
    "NTFY_URL=http://ntfy.sh/secret-topic",
    /NTFY_URL must begin with https:\/\/ as "ntfy\.sh" is outside the house/,
  ],
  ["NTFY_URL=https://ntfy.sh/a/b", /NTFY_URL must be "https:\/\/server\/topic"/],
  ["WEBHOOK_URL=secret-nonsense", /WEBHOOK_URL must be an address such as/],
  ["WEBHOOK_URL=https://u:secret-p@x.example/", /WEBHOOK_URL must not hold a user name or password/],
  ["APPRISE_URL=https://apprise.lan/notify", /APPRISE_URL must end in \/notify\/KEY/],
  ["SMTP_TO=me@example.com", /SMTP_TO must come with SMTP_HOST/],
  ["SMTP_HOST=mail.example.com", /SMTP_TO must be set with SMTP_HOST/],
  [
    "SMTP_HOST=me:secret-p@mail.example.com\nSMTP_TO=me@example.com",
    /SMTP_HOST must be a host name or an IP address, without port and brackets, found 28 characters/,
  ],
  [
    "SMTP_HOST=mail.example.com\nSMTP_TO=me@example.com\nSMTP_TLS=none",
    /SMTP_TLS=none is for a server on this machine/,
  ],
  ["SMTP_HOST=mail.example.com\nSMTP_TO=you <me@example.com>", /SMTP_TO must be an address/],
  ["NOTIFY_QUIET_HOURS=22:00-07:00", /NOTIFY_QUIET_HOURS must come with a channel/],
  ["NTFY_URL=https://ntfy.sh/x\nNOTIFY_QUIET_HOURS=late", /NOTIFY_QUIET_HOURS must be two different times/],
  ["NTFY_URL=https://ntfy.sh/x\nNOTIFY_TIME_ZONE=Mars/Base", /NOTIFY_TIME_ZONE must be a time zone/],
  ["NTFY_URL=https://ntfy.sh/x\nNOTIFY_EVENTS=loud", /NOTIFY_EVENTS must be normal/],
  ["NOTIFY_EVENTS_EMAIL=danger", /NOTIFY_EVENTS_EMAIL must come with the channel's own keys/],
];
for (const [text, problem] of notifierRows) {
  Deno.test(`loadConfig() refuses ${JSON.stringify(text)}, and shows no secret`, () => {
    const problems = problemsOf(() => loadConfig(sources(`${ACCOUNT}${text}`))).join("\n");
    assert.match(problems, problem);
    assert.doesNotMatch(problems, /secret/);
  });
}

Deno.test("loadConfig() reads channels, what goes to each, and when it is quiet", () => {
  const { notifier } = loadConfig(sources(
    `${ACCOUNT}TELEGRAM_BOT_TOKEN=1:x\nTELEGRAM_CHAT_ID=7\nSMTP_HOST=127.0.0.1\nSMTP_PORT=465\nSMTP_TO=a@b.c,d@e.f\n` +
      "NOTIFY_EVENTS=danger\nNOTIFY_EVENTS_EMAIL=info\nNOTIFY_QUIET_HOURS=22:00-07:00\n",
  ));
  assert.deepEqual(notifier?.channels.map(({ settings: { name }, choice: { level } }) => [name, level]), [
    ["telegram", "danger"],
    ["email", "info"],
  ]);
  const mail = notifier?.channels[1]?.settings;
  assert.ok(mail?.name === "email");
  assert.deepEqual([mail.tls, mail.port, mail.from, mail.to], ["implicit", 465, "a@b.c", ["a@b.c", "d@e.f"]]);
  assert.deepEqual(notifier?.quietHours, { from: 1320, to: 420 });
});

Deno.test("loadConfig() remarks on hosts whose station is not listed", () => {
  const own = loadConfig(sources(`${ACCOUNT}DEVICE_TO_AGENTS_JSON={"Study":["a"]}`));
  assert.match(
    own.remarks.join(),
    /^.*"Study": the account must call one of its stations so, for ECOFLOW_DEVICE_LIST is not set/,
  );
  const config = loadConfig(
    sources(`${ACCOUNT}ECOFLOW_DEVICE_LIST=R651000000000002:Attic\nDEVICE_TO_AGENTS_JSON={"Study":["a"]}`),
  );
  assert.deepEqual(config.remarks, [
    'DEVICE_TO_AGENTS_JSON names "Study", which ECOFLOW_DEVICE_LIST does not: a is NOT protected unless somebody else ' +
    "feeds that station",
  ]);
});

const brokerRows: readonly [text: string, problem: RegExp][] = [
  ["MQTT_USER=u", /MQTT_USER must come with MQTT_HOST/],
  ["MQTT_TLS=on", /MQTT_TLS must come with MQTT_HOST/],
  [
    "MQTT_HOST=nas:1883",
    /MQTT_HOST must be a host name or an IP address, without port and brackets, found 8 characters/,
  ],
  ["MQTT_HOST=my broker", /MQTT_HOST must be a host name/],
  ["MQTT_HOST=h\nMQTT_PASS=p", /MQTT_PASS needs MQTT_USER/],
  ["MQTT_HOST=h\nMQTT_CA_FILE=/ca", /need MQTT_TLS=on/],
  ["MQTT_HOST=h\nMQTT_TLS=on\nMQTT_CERT_FILE=/ca", /must be given together/],
  ["MQTT_HOST=h\nMQTT_TLS=on\nMQTT_CA_FILE=/text", /must be a PEM file/],
  ["MQTT_HOST=h\nMQTT_PORT=65536", /MQTT_PORT must be a whole number from 1 to 65535/],
];
for (const [text, problem] of brokerRows) {
  Deno.test(`loadConfig() refuses ${JSON.stringify(text)}`, () => {
    const files = { "/ca": "-----BEGIN CERTIFICATE-----", "/text": "x" };
    assert.match(problemsOf(() => loadConfig(sources(`${ACCOUNT}${text}`, { files }))).join("\n"), problem);
  });
}

Deno.test("loadConfig() takes port 8883 with TLS and 1883 without", () => {
  assert.equal(loadConfig(sources(`${ACCOUNT}MQTT_HOST=h`)).broker?.port, 1883);
  assert.equal(loadConfig(sources(`${ACCOUNT}MQTT_HOST=h\nMQTT_TLS=on`)).broker?.port, 8883);
});

Deno.test("loadConfig() reads agent keys, refuses short ones without showing them", () => {
  const key = "ab".repeat(32);
  const read = (text: string) =>
    loadConfig(sources(`${ACCOUNT}STATE_DIR=/st`, { files: { "/st/agent_keys.json": text } }));
  assert.deepEqual(read(JSON.stringify({ nas: key })).agentKeys, { nas: key });
  const problems = problemsOf(() => read(JSON.stringify({ nas: "abcd" })));
  assert.match(problems[0] ?? "", /the key of "nas" must be .* found 4 characters/);
  assert.ok(!problems.join().includes("abcd"));
});

Deno.test("loadConfig() names a credential that a cut of power left as zeros", () => {
  const files = { "/cred/ecoflow_pass": "\0\0\0\0" };
  const environment = { CREDENTIALS_DIRECTORY: "/cred" };
  assert.match(
    problemsOf(() => loadConfig(sources("ECOFLOW_USER=me@example.com\n", { files, environment }))).join("\n"),
    /^Cannot read the credential "\/cred\/ecoflow_pass": holds nothing but zeros, as a cut of power leaves a file/m,
  );
});

for (const text of ["", "\0\0\0\0", '{"nas": "abab', "\ufffd\ufffd"]) {
  Deno.test(`loadConfig() goes on without agent keys that a cut of power left as ${JSON.stringify(text)}, and says so`, () => {
    const { agentKeys, remarks } = loadConfig(
      sources(`${ACCOUNT}STATE_DIR=/st`, { files: { "/st/agent_keys.json": text } }),
    );
    assert.deepEqual(agentKeys, {});
    assert.match(
      remarks.join("\n"),
      /keys in "\/st\/agent_keys\.json" are lost.*NO AGENT OBEYS.*keys add AGENT/,
    );
    assert.doesNotMatch(remarks.join("\n"), /abab/);
  });
}

Deno.test("loadConfig() refuses hosts mapped to the serial number of a station that has a name", () => {
  const list = `${ACCOUNT}ECOFLOW_DEVICE_LIST=R651000000000002:Study\n`;
  for (const device of ["R651000000000002", "r651000000000002"]) {
    assert.match(
      problemsOf(() => loadConfig(sources(`${list}DEVICE_TO_AGENTS_JSON={"${device}":["a"]}`))).join(),
      /is the serial number of "Study": write that name, else a would not be protected/,
    );
  }
});

const ports: readonly [text: string, problem: RegExp | undefined][] = [
  [
    "DASHBOARD_LISTEN=127.0.0.1:1883",
    /MQTT_EMBEDDED_PORT and DASHBOARD_LISTEN must not be the same port, found 1883/,
  ],
  ["DASHBOARD_LISTEN=127.0.0.1:1883\nMQTT_HOST=pi.lan", undefined],
  ["DASHBOARD_LISTEN=127.0.0.2:1883", undefined],
  ["DASHBOARD_LISTEN=127.0.0.1:0\nMQTT_EMBEDDED_PORT=0", undefined],
];
for (const [text, problem] of ports) {
  Deno.test(`loadConfig() ${problem ? "refuses" : "takes"} ports of its own: ${text}`, () => {
    const load = () => loadConfig(sources(`${ACCOUNT}${text}\n`));
    if (problem) assert.match(problemsOf(load).join(), problem);
    else load();
  });
}

const lists: readonly [text: string, problem: RegExp][] = [
  [
    "Study",
    /must be "SERIAL:Name,…", found the serial number "STUDY", which has no digit: EcoFlow's app/,
  ],
  ["Study:R651000000000002", /found the serial number "STUDY", which has no digit/],
  ["R6", /4 to 32 letters and digits, found "R6"/],
  ["R651000000000002,R651000000000002", /listed twice/],
  ["R651000000000002:A,R651000000000003:A", /have the same name "A"/],
  ["R651000000000002:a/b", /must not contain/],
];
for (const [text, problem] of lists) {
  Deno.test(`parseDeviceList() refuses "${text}"`, () => {
    assert.match(
      problemsOf(() => loadConfig(sources(`${ACCOUNT}ECOFLOW_DEVICE_LIST="${text}"`))).join(),
      problem,
    );
  });
}

for (const agent of ["policy", "events", "orchestrator", "a/b", ""]) {
  Deno.test(`parseAgentMap() refuses the agent name "${agent}"`, () => {
    const json = JSON.stringify({ Study: [agent] });
    assert.equal(problemsOf(() => loadConfig(sources(`${ACCOUNT}DEVICE_TO_AGENTS_JSON=${json}`))).length, 1);
  });
}

Deno.test("readEnvFile() names lines that are no assignment, open quotes and keys given twice", () => {
  const { problems } = readEnvFile('A=1\nrubbish here\nA=2\nB="open\n', "x.env");
  assert.deepEqual(problems, [
    "x.env line 2 must be KEY=value, found 12 characters without it",
    "x.env: A is given twice, in lines 1 and 3",
    'x.env line 4: the quote " is never closed',
  ]);
});

Deno.test("loadConfig() reads the model files of a directory, and only those", () => {
  const files = { "/m/b.toml": "B", "/m/a.json": "A", "/m/readme.md": "no" };
  const listFiles = () => ["b.toml", "readme.md", "a.json"];
  const config = loadConfig({ ...sources(`${ACCOUNT}MODELS_DIR=/m`, { files }), listFiles });
  assert.deepEqual(config.modelFiles, [{ name: "a.json", text: "A" }, { name: "b.toml", text: "B" }]);
});

Deno.test("loadConfig() names a model directory that cannot be read", () => {
  const listFiles = () => {
    throw new Error("no such directory");
  };
  const problems = problemsOf(() => loadConfig({ ...sources(`${ACCOUNT}MODELS_DIR=/m`), listFiles }));
  assert.deepEqual(problems, ['Cannot read MODELS_DIR "/m": no such directory']);
});

const MISPLACED = "hunter2-MISPLACED";

Deno.test("loadConfig() shows no secret that was put under a wrong key", () => {
  const textOf = (run: () => unknown): string => {
    try {
      run();
      return "";
    } catch (error) {
      return String(error);
    }
  };
  for (const key of Object.keys(KEYS)) {
    // A path is shown: it is what a person must find.
    if (/_(FILE|DIR)$/.test(key)) continue;
    for (const value of [MISPLACED, `${MISPLACED}!?`, `"${MISPLACED}`, `${MISPLACED} #x`, `{${MISPLACED}}`]) {
      const text = `DASHBOARD_LISTEN=127.0.0.1:8080\nNTFY_URL=https://ntfy.example/t\n${key}=${value}\n`;
      const shown = textOf(() =>
        loadConfig(sources(text.replace(new RegExp(`^${key}=(?!.*hunter).*\\n`, "m"), "")))
      );
      assert.doesNotMatch(shown, /MISPLACED/, `${key}=${value}`);
    }
  }
  for (
    const text of [
      `${MISPLACED}\n`,
      "aHVudGVyMi1NSVNQTEFDRUQ=\n",
      `MISPLACED hunter2=1\n`,
      `hunter2_MISPLACED=1\n`,
    ]
  ) {
    assert.doesNotMatch(textOf(() => loadConfig(sources(text))), /MISPLACED|aHVudGVy/, text);
  }
});

Deno.test("loadConfig() reads files with a byte order mark, and refuses what is no UTF-8", () => {
  const file = (text: string) =>
    loadConfig(sources(`${ACCOUNT}POLICY_FILE=/p`, { files: { "/p": text } })).policyFile?.text;
  assert.equal(file("\ufeffblind_limit_min = 100\r\n"), "blind_limit_min = 100\r\n");
  const problems = problemsOf(() => file("\ufffd\ufffdb\u0000l\u0000"));
  assert.match(problems.join(), /Cannot read POLICY_FILE "\/p": is no UTF-8 text: save it as UTF-8/);
});

Deno.test("loadConfig() shows no unknown key that may be a secret", () => {
  for (const key of ["JBSWY3DPEHPK3PXP", "hunter2", "Hunter_2"]) {
    assert.throws(
      () =>
        loadConfig({
          file: { name: ".env", text: `${key}=\n` },
          environment: {},
          readFile: () => "",
          exists: () => false,
        }),
      (error) =>
        error instanceof ConfigError &&
        error.problems.join().includes(`Unknown key of ${key.length} characters`),
    );
  }
});

Deno.test("readEnvFile() tells of a file with 200,000 wrong lines in few words", () => {
  const { problems } = readEnvFile("A\n".repeat(200_000), ".env");
  assert.equal(problems.length, 51);
  assert.equal(problems.at(-1), ".env: 199950 more lines cannot be read");
});

Deno.test("loadConfig() refuses a key of a million characters at once", () => {
  const begunMs = performance.now();
  const text = `${"X".repeat(1_000_000)}=1\n`;
  assert.throws(
    () =>
      loadConfig({ file: { name: ".env", text }, environment: {}, readFile: () => "", exists: () => false }),
    /Unknown key of 1000000 characters/,
  );
  // It was 20 s; a machine under load takes longer than the fraction of a second that it is.
  assert.ok(performance.now() - begunMs < 5000);
});

for (const key of ["WEBHOOK_SECRET", "ECOFLOW_PASS", "POLICY_FILE"]) {
  Deno.test(`loadConfig() refuses ${key} of blanks alone, and does not take it for an empty text`, () => {
    assert.throws(
      () =>
        loadConfig({
          file: { name: "test", text: `${key}='   '\n` },
          environment: {},
          exists: () => false,
          readFile: () => "",
        }),
      new RegExp(`${key} must be more than blanks, or left out, found `),
    );
  });
}
