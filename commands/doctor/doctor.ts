/** `ecoflow-power doctor`: looks at everything that protecting needs, and says what to do about what is wrong. */
import { parseArgs } from "node:util";
import { systemClock } from "../../lib/time/clock.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { errorText } from "../../lib/errors.ts";
import { type Finding, findingsText } from "../../lib/findings.ts";
import type { MqttDown } from "../../lib/mqtt/client.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { NoBrokerError } from "../broker/broker_guest.ts";
import { complain, EXIT, print } from "../command.ts";
import { examineBrokerParts } from "./broker_parts.ts";
import { examineHouse } from "./examine_house.ts";
import { examineNotifier } from "./examine_notifier.ts";
import { examineMachine } from "./examine_machine.ts";
import { hearHouse } from "../broker/broker_snapshot.ts";
import { envPathOf, readConfig } from "../read_config.ts";
import { canRestart, requestRestart } from "../setup/start_service.ts";

/** Runs it. @returns the exit code: 1 when something is wrong */
export async function doctor(args: readonly string[]): Promise<number> {
  let env, isToHeal;
  try {
    ({ values: { env, heal: isToHeal } } = parseArgs({
      args: [...args],
      options: { env: { type: "string" }, heal: { type: "boolean", default: false } },
    }));
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  if (isToHeal) return heal();
  // Before the configuration, which parts that do not fit may have made unusable.
  const parts = examineBrokerParts(envPathOf(env), "/");
  if (parts.length > 0) print(`${findingsText(parts)}\n`);
  const config = readConfig(env === undefined ? [] : ["--env", env]);
  if (typeof config === "number") return config;
  const findings = await examineAll(config.house, envPathOf(env));
  const wrong = [...parts, ...findings].filter(({ verdict }) => verdict === "bad").length;
  print(`${findingsText(findings)}\n`);
  return wrong === 0 ? print("\nNothing is wrong.\n") : complain(`\n${wrong} to mend.\n`, EXIT.no);
}

/** Asks systemd for what makes the broker's parts whole and starts the daemon anew: no program is started from here. */
function heal(): number {
  if (!canRestart("/")) {
    return complain("Cannot heal: the package is not here, or systemd does not run\n", EXIT.no);
  }
  try {
    requestRestart("/");
  } catch (error) {
    return complain(`Cannot heal: ${errorText(error)}; run as root\n`, EXIT.no);
  }
  return print(
    "The broker's parts are put in order and the daemon is started anew. Look again: ecoflow-power doctor\n",
  );
}

async function examineAll(house: HouseConfig, envPath: string | undefined): Promise<Finding[]> {
  const nowWallMs = Date.now();
  const findings: Finding[] = [
    { what: "configuration", verdict: "good", text: envPath ?? "from the environment" },
    ...house.remarks.map((text): Finding => ({ what: "configuration", verdict: "unsure", text })),
    ...await examineMachine(house, { envPath, root: "/", nowWallMs }),
    ...await examineNotifier(house.notifier),
  ];
  const where = house.broker ? `${house.broker.host}:${house.broker.port}` : "the daemon's own, on loopback";
  try {
    const words = await hearHouse(house, "doctor", { connect: connectMqtt, clock: systemClock() });
    findings.push({ what: "broker", verdict: "good", text: where });
    return [...findings, ...examineHouse(house, words, Date.now())];
  } catch (error) {
    if (!(error instanceof NoBrokerError)) throw error;
    const text = `${error.down.text}; ${brokerHint(error.down, house)}`;
    return [...findings, { what: "broker", verdict: "bad", text }];
  }
}

function brokerHint({ kind }: MqttDown, { broker }: HouseConfig): string {
  if (!broker) return "the daemon does not run: start it";
  switch (kind) {
    case "refused":
      return "see MQTT_USER and MQTT_PASS; with the package: ecoflow-power broker setup";
    case "tls":
      return "see MQTT_CA_FILE and the name in MQTT_HOST";
    case "closed":
    case "network":
      return "is Mosquitto there? systemctl status mosquitto; when its log says that it cannot restore its database, move " +
        "mosquitto.db away and start it; see MQTT_HOST and MQTT_PORT";
  }
}
