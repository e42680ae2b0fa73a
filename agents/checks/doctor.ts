/** Looks at everything that obeying needs: configuration, key, broker, clock, rights; says what to do. */
import type { Clock } from "../../lib/time/clock.ts";
import { BrokerRefusedError, errorText } from "../../lib/errors.ts";
import type { Finding } from "../../lib/findings.ts";
import type { MqttClient, MqttConnect, MqttDown } from "../../lib/mqtt/client.ts";
import { connectEitherVersion, olderVersionText, type Spoken } from "../../lib/mqtt/either_version.ts";
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import type { AgentConfig } from "../settings/config.ts";
import { examineCommands } from "./examine_commands.ts";
import type { Argv, HostPlatform } from "../platform/platform.ts";
import { own } from "../../lib/own.ts";

/** The outside world of the doctor. */
export interface DoctorPorts {
  readonly connect: MqttConnect;
  readonly clock: Clock;
  readonly platform: HostPlatform["name"];
  /** Keys that can be read; throws with the reason. */
  readonly keys: () => readonly string[];
  /** Permission bits of the key file; undefined where there are none. */
  readonly keyFileMode: () => number | undefined;
  /** A program's output; throws when it cannot be run or fails. */
  readonly output: (argv: Argv) => Promise<string>;
  /** How a program is run with the rights of the service; absent: it cannot be tried here. */
  readonly service?: { readonly argv: (argv: Argv) => Argv; readonly keepsRightsLow: boolean };
}

const BROKER_LIMIT_MS = 15_000;
/** What the broker keeps comes within this, ms. */
const PLAN_LIMIT_MS = 2000;

/** All looks, in the order in which to mend them. */
export async function examine(config: AgentConfig, ports: DoctorPorts): Promise<Finding[]> {
  return [
    { what: "configuration", verdict: "good", text: `this host is "${config.agent}"` },
    examineKey(config, ports),
    await examineBroker(config, ports),
    await examineClock(ports),
    await examineRights(ports),
    ...await examineCommands(config, {
      platform: ports.platform,
      output: outputInService(ports),
      keepsRightsLow: ports.service?.keepsRightsLow ?? false,
    }),
  ];
}

function outputInService({ output, service }: DoctorPorts): DoctorPorts["output"] {
  return (argv) => output(service ? service.argv(argv) : argv);
}

function examineKey({ allowUnsigned, keyFile }: AgentConfig, ports: DoctorPorts): Finding {
  const what = "key";
  let count: number;
  try {
    count = ports.keys().length;
  } catch (error) {
    return { what, verdict: "bad", text: errorText(error) };
  }
  if (count === 0) {
    return allowUnsigned
      ? {
        what,
        verdict: "unsure",
        text: "none; unsigned commands are obeyed, from whoever reaches the broker",
      }
      : {
        what,
        verdict: "bad",
        text: `none in ${keyFile}; on the daemon run "ecoflow-power keys add", here "ecoflow-agent pair"`,
      };
  }
  const mode = ports.keyFileMode();
  if (mode !== undefined && (mode & 0o077) !== 0) {
    return { what, verdict: "bad", text: `others can read ${keyFile}; run: chmod 600 ${keyFile}` };
  }
  return {
    what,
    verdict: "good",
    text: count === 1 ? keyFile : `${keyFile}, with a new key that is not used yet`,
  };
}

/** Connects as a guest beside the running agent, so that it does not push it off. */
async function examineBroker(config: AgentConfig, { connect, clock }: DoctorPorts): Promise<Finding> {
  const { broker, agent, roots } = config;
  const what = "broker";
  const where = `${broker.host}:${broker.port}${broker.tls ? " with TLS" : ""}`;
  const outcome = Promise.withResolvers<MqttDown | "up">();
  const heard = new Set<string>();
  let spoken: Spoken | undefined;
  const client = connectEitherVersion(connect, {
    ...broker,
    clientId: `ecoflow-agent-doctor-${agent}-${crypto.randomUUID().slice(0, 8)}`,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: BROKER_LIMIT_MS,
  }, {
    onUp: (_hasSession, speaks) => {
      spoken = speaks;
      outcome.resolve("up");
    },
    onDown: (down) => outcome.resolve(down),
    onMessage: ({ topic }) => heard.add(topic),
  });
  const cancel = clock.after(
    BROKER_LIMIT_MS,
    () =>
      outcome.resolve({
        kind: "network",
        text: `${where}: no answer within ${BROKER_LIMIT_MS / 1000} s`,
        wasUp: false,
      }),
  );
  const found = await outcome.promise;
  cancel();
  try {
    if (found !== "up") return { what, verdict: "bad", text: `${found.text}; ${brokerHint(found)}` };
    const topics = topicsUnder(roots);
    await client.subscribe(topics.command(agent), 1);
    const writes = await mayAnswer(client, topics.ack(agent));
    if (!writes) {
      const text =
        `${where}: the broker does not let this host answer; give its user this line in the access list: ` +
        `"topic write ${topics.ack(agent)}", or is MQTT_USER this host's?`;
      return { what, verdict: "bad", text };
    }
    // Some brokers grant what they then withhold: the plan is kept for us, and comes at once.
    for (const topic of [topics.orchestratorStatus, topics.plan(agent)]) {
      await client.subscribe(topic, 1).catch(() => {});
    }
    if (!heard.has(topics.plan(agent))) await clock.sleep(PLAN_LIMIT_MS);
    if (heard.has(topics.orchestratorStatus) && !heard.has(topics.plan(agent))) {
      const text =
        `${where}, and no plan for "${agent}" comes from the daemon that is there: is the host in its ` +
        "DEVICE_TO_AGENTS_JSON, and has its station been heard? If so, the access list must have " +
        `"topic read ${topics.command(agent)}" and "topic read ${topics.plan(agent)}"; a drill shows it`;
      return { what, verdict: "unsure", text };
    }
    return { what, verdict: "good", text: `${where}, commands can be heard${olderVersionText(spoken)}` };
  } catch (error) {
    return {
      what,
      verdict: "bad",
      text: `${where}: ${errorText(error)}; the broker's access list must let "${agent}" read its commands`,
    };
  } finally {
    await client.close();
  }
}

/** Tries it with an empty message, which nobody reads and no broker keeps; only MQTT 5 brokers tell. */
async function mayAnswer(client: MqttClient, topic: string): Promise<boolean> {
  try {
    await client.publish(topic, "", { qos: 1, expirySec: 1 });
    return true;
  } catch (error) {
    if (error instanceof BrokerRefusedError) return false;
    throw error;
  }
}

function brokerHint({ kind }: MqttDown): string {
  switch (kind) {
    case "refused":
      return "see MQTT_USER and MQTT_PASS";
    case "tls":
      return "see MQTT_CA_FILE and the name in MQTT_HOST";
    case "closed":
    case "network":
      return "see MQTT_HOST and MQTT_PORT, and whether MQTT_TLS fits that port";
  }
}

/** Commands are refused beyond two minutes of difference. */
async function examineClock({ platform, output, clock }: DoctorPorts): Promise<Finding> {
  const what = "clock";
  const now = `it says ${new Date(clock.wallMs()).toISOString()}`;
  const commands: Record<HostPlatform["name"], Argv> = {
    linux: ["timedatectl", "show", "--property=NTPSynchronized", "--value"],
    darwin: ["/usr/sbin/systemsetup", "-getusingnetworktime"],
    windows: ["w32tm.exe", "/query", "/status"],
  };
  try {
    const text = await output(own(commands, platform));
    // w32tm names the leap indicator in the host's language, but the number stays: 3 is "not synchronised".
    const isGood = own({ linux: /^yes/, darwin: /: On/i, windows: /: [012]\(/ }, platform).test(text);
    return isGood
      ? { what, verdict: "good", text: `kept by the network; ${now}` }
      : { what, verdict: "bad", text: `not kept by the network; ${now}; switch time synchronisation on` };
  } catch (error) {
    return {
      what,
      verdict: "unsure",
      text: `${now}; compare it with the daemon's clock, which may differ by 120 s (${errorText(error)})`,
    };
  }
}

async function examineRights(ports: DoctorPorts): Promise<Finding> {
  const { platform } = ports;
  const output = outputInService(ports);
  const what = "rights";
  const logind = ["org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"];
  const commands: Record<HostPlatform["name"], Argv> = {
    linux: ["busctl", "call", ...logind, "CanPowerOff"],
    darwin: ["/usr/bin/id", "-u"],
    windows: ["whoami.exe", "/priv"],
  };
  try {
    const text = await output(own(commands, platform));
    const isGood = own({ linux: /"yes"/, darwin: /^0\s*$/, windows: /SeShutdownPrivilege/ }, platform).test(
      text,
    );
    return isGood ? { what, verdict: "good", text: "may switch this host off" } : {
      what,
      verdict: "bad",
      text: `may not switch this host off (${text.trim().slice(0, 80)}); run as root or administrator`,
    };
  } catch (error) {
    return { what, verdict: "unsure", text: `cannot be found out: ${errorText(error)}` };
  }
}
