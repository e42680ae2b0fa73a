import assert from "node:assert/strict";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import type { MqttConnect, MqttDown } from "../../lib/mqtt/client.ts";
import { BrokerRefusedError } from "../../lib/errors.ts";
import { TestClock } from "../../lib/time/test_clock.ts";
import { type AgentConfig, loadAgentConfig } from "../settings/config.ts";
import { type DoctorPorts, examine } from "./doctor.ts";
import { findingsText } from "../../lib/findings.ts";
import { linuxPlatform } from "../platform/linux.ts";

const KEY = "ab".repeat(32);
const config = (lines = ""): AgentConfig =>
  loadAgentConfig({
    file: { name: "env", text: `AGENT_ID=pc\nMQTT_HOST=pi\nAGENT_KEY_FILE=/k\n${lines}` },
    environment: {},
    readFile: () => KEY,
    platform: linuxPlatform(true),
    isRoot: true,
    defaultStateDir: "/state",
  });

const WELL = { timedatectl: "yes\n", busctl: 's "yes"\n' } as Record<string, string>;
async function look(change: Partial<DoctorPorts> = {}, lines = "", outputs = WELL): Promise<string> {
  const clock = new TestClock();
  const findings = await examine(config(lines), {
    connect: brokerWith([DAEMON, PLAN], []),
    clock,
    platform: "linux",
    keys: () => [KEY],
    keyFileMode: () => 0o100600,
    output: ([program = ""]) =>
      program in outputs
        ? Promise.resolve(outputs[program] ?? "")
        : Promise.reject(new Error(`no ${program}`)),
    ...change,
  });
  return findingsText(findings);
}
const refusing = (down: Omit<MqttDown, "wasUp">): MqttConnect => (_options, events) => {
  queueMicrotask(() => events.onDown({ ...down, wasUp: false }));
  const never = () => Promise.reject(new Error("not connected"));
  return { publish: never, subscribe: never, unsubscribe: never, close: () => Promise.resolve() };
};

Deno.test("examine() finds a healthy host healthy", async () => {
  const text = await look();
  assert.equal(text.split("\n").filter((line) => line.startsWith("ok ")).length, 5, text);
});

const sick: readonly [
  name: string,
  change: Partial<DoctorPorts>,
  lines: string,
  outputs: Record<string, string>,
  wanted: RegExp,
][] = [
  [
    "no key",
    { keys: () => [] },
    "",
    WELL,
    /^WRONG {2}key: none in \/k; on the daemon run "ecoflow-power keys add"/m,
  ],
  [
    "no key, but unsigned commands",
    { keys: () => [] },
    "ALLOW_UNSIGNED=true\n",
    WELL,
    /^\? {6}key: none; unsigned/m,
  ],
  [
    "a key that others can read",
    { keyFileMode: () => 0o100644 },
    "",
    WELL,
    /^WRONG {2}key: others can read \/k; run: chmod 600/m,
  ],
  [
    "a wrong password",
    { connect: refusing({ kind: "refused", code: 5, text: "not authorised" }) },
    "",
    WELL,
    /^WRONG {2}broker: not authorised; see MQTT_USER/m,
  ],
  [
    "a wrong authority",
    { connect: refusing({ kind: "tls", text: "unknown issuer" }) },
    "",
    WELL,
    /^WRONG {2}broker: unknown issuer; see MQTT_CA_FILE/m,
  ],
  [
    "no broker",
    { connect: refusing({ kind: "network", text: "refused" }) },
    "",
    WELL,
    /^WRONG {2}broker: refused; see MQTT_HOST/m,
  ],
  [
    "a clock of its own",
    {},
    "",
    { ...WELL, timedatectl: "no\n" },
    /^WRONG {2}clock: not kept by the network/m,
  ],
  [
    "a clock that nobody knows of",
    {},
    "",
    { busctl: WELL.busctl ?? "" },
    /^\? {6}clock: it says 2026-11-23T19:00:00.000Z; compare/m,
  ],
  [
    "no rights",
    {},
    "",
    { ...WELL, busctl: 's "challenge"\n' },
    /^WRONG {2}rights: may not switch this host off/m,
  ],
];
/** What the broker keeps, and what it lets nobody write; a topic that may not be read is granted and then never heard, as Mosquitto does. */
function brokerWith(
  kept: readonly string[],
  denied: readonly string[],
  unread: readonly string[] = [],
): MqttConnect {
  const broker = new MemoryBroker(new TestClock());
  for (const topic of kept) broker.publish(topic, '{"online":true}', { retain: true });
  return (options, events) => {
    const client = broker.connect(options, {
      ...events,
      onMessage: (message) => unread.includes(message.topic) || events.onMessage(message),
    });
    return {
      ...client,
      publish: (topic, ...rest) =>
        denied.includes(topic)
          ? Promise.reject(new BrokerRefusedError(135, "Not authorized"))
          : client.publish(topic, ...rest),
    };
  };
}
/** A broker that closes the connection at MQTT 5 without an answer; behind that it is as `then` says. */
function older(then: MqttConnect): MqttConnect {
  return (options, events) => {
    if (options.protocolVersion === 4) return then(options, events);
    queueMicrotask(() =>
      events.onDown({ kind: "closed", text: "closed early", wasUp: false, isUnanswered: true })
    );
    const never = () => Promise.reject(new Error("not connected"));
    return { publish: never, subscribe: never, unsubscribe: never, close: () => Promise.resolve() };
  };
}
const DAEMON = "power-manager/orchestrator/status";
const PLAN = "power-manager/pc/plan";
const rights: readonly [name: string, connect: MqttConnect, wanted: RegExp][] = [
  ["all that is needed", brokerWith([DAEMON, PLAN], []), /^ok {5}broker: .*commands can be heard/m],
  [
    "a broker that closes the connection at MQTT 5",
    older(brokerWith([DAEMON, PLAN], [])),
    /^ok {5}broker: .*commands can be heard; by MQTT 3\.1\.1, for it closes the connection at MQTT 5/m,
  ],
  [
    "a wrong login at a broker that closes the connection at MQTT 5",
    older((options, events) => {
      const text = "Bad username or password";
      queueMicrotask(() => events.onDown({ kind: "refused", code: 4, text, wasUp: false }));
      return brokerWith([], [])({ ...options, clientId: "none" }, {
        onUp: () => {},
        onDown: () => {},
        onMessage: () => {},
      });
    }),
    /^WRONG {2}broker: Bad username or password; see MQTT_USER and MQTT_PASS$/m,
  ],
  [
    "another host's user, which may write nothing of this one",
    brokerWith([DAEMON, PLAN], ["power-manager/pc/ack"]),
    /^WRONG {2}broker: .*"topic write power-manager\/pc\/ack".*is MQTT_USER this host's/m,
  ],
  [
    "a daemon whose plan for this host never comes",
    brokerWith([DAEMON, PLAN], [], [PLAN]),
    /^\? {6}broker: .*no plan for "pc".*DEVICE_TO_AGENTS_JSON.*"topic read power-manager\/pc\/cmd"/m,
  ],
];
for (const [name, connect, wanted] of rights) {
  Deno.test(`examine() finds ${name}`, async () => {
    const clock = new TestClock();
    const found = look({ connect, clock });
    for (let waits = 0; waits < 5; waits++) await clock.advance(1000);
    assert.match((await found).replaceAll(/\n {7}/g, " "), wanted);
  });
}

for (const [name, change, lines, outputs, wanted] of sick) {
  Deno.test(`examine() finds ${name} and says what to do`, async () => {
    assert.match(await look(change, lines, outputs), wanted);
  });
}

/** As the unit: what is run there is told apart from what is run here. */
const IN_SERVICE = { argv: (argv: readonly string[]) => ["as-service", ...argv], keepsRightsLow: true };
const inService = (found: string) => (argv: readonly string[]) => {
  if (argv[0] === "timedatectl") return Promise.resolve("yes\n");
  if (argv[0] !== "as-service") return Promise.reject(new Error(`${argv[0]} was not run as the service`));
  return Promise.resolve(argv[1] === "busctl" ? 's "yes"\n' : found);
};
const commandLooks: readonly [lines: string, found: string, wanted: RegExp][] = [
  ["SHUTDOWN_CMD=my-off\n", "there my-off\n", /^ok {5}commands: my-off can be run by the service/m],
  [
    "SHUTDOWN_CMD=my-off\n",
    "missing my-off\n",
    /^WRONG {2}commands: there is no program "my-off" where the service/m,
  ],
  ["SHUTDOWN_CMD=doas off\n", "setuid doas\n", /^WRONG {2}commands: "doas" gains no rights in the service/m],
  ["SHUTDOWN_CMD=my-off\n", "", /^WRONG {2}commands: "my-off" could not be looked at/m],
  [
    "PRE_SHUTDOWN_CMD_1=xargs sudo kill\n",
    "there xargs\n",
    /^\? {6}commands: "xargs sudo kill" speaks of sudo/m,
  ],
  ["SHUTDOWN_CMD=sudo my-off\n", "there my-off\n", /^\? {6}commands: SHUTDOWN_CMD: "sudo" is left out/m],
];
for (const [lines, found, wanted] of commandLooks) {
  Deno.test(`examine() of ${lines.trim()}, found as ${JSON.stringify(found)} in the service`, async () => {
    const text = await look({ service: IN_SERVICE, output: inService(found) }, lines);
    assert.match(text, wanted);
    assert.match(text, /^ok {5}rights/m);
  });
}

Deno.test("examine() reads the programs of Windows and macOS, stand-ins here", async () => {
  const windows = {
    "w32tm.exe": "Leap Indicator: 0(no warning)\r\n",
    "whoami.exe": "SeShutdownPrivilege  Disabled\r\n",
  };
  assert.ok(
    !(await look({ platform: "windows", keyFileMode: () => undefined }, "", windows)).includes("WRONG"),
  );
  const lost = { ...windows, "w32tm.exe": "Leap Indicator: 3(not synchronized)\r\n" };
  assert.match(await look({ platform: "windows" }, "", lost), /^WRONG {2}clock/m);
  const mac = { "/usr/sbin/systemsetup": "Network Time: On\n", "/usr/bin/id": "0\n" };
  assert.ok(!(await look({ platform: "darwin" }, "", mac)).includes("WRONG"));
  assert.match(
    await look({ platform: "darwin" }, "", { ...mac, "/usr/bin/id": "501\n" }),
    /^WRONG {2}rights/m,
  );
});
