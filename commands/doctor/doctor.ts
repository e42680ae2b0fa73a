/** `ecoflow-power doctor`: looks at everything that protecting needs, and says what to do about what is wrong. */
import { parseArgs } from "node:util";
import { systemClock } from "../../lib/time/clock.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { errorText } from "../../lib/errors.ts";
import { type Finding, findingsJson, findingsText } from "../../lib/findings.ts";
import { olderVersionText } from "../../lib/mqtt/either_version.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { NoBrokerError } from "../broker/broker_guest.ts";
import { brokerCure } from "../broker/no_broker.ts";
import { complain, EXIT, print } from "../command.ts";
import { examineBrokerParts, examineLogins } from "./broker_parts.ts";
import { examineBridge } from "./examine_bridge.ts";
import { examineCables } from "../cable/examine_cables.ts";
import { examineHouse } from "./examine_house.ts";
import { examineNotifier } from "./examine_notifier.ts";
import type { OrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";
import { holderOfState } from "../../lib/state_lock.ts";
import { isThisMachine } from "../../lib/this_machine.ts";
import { wrap } from "../../lib/text/wrap.ts";
import { installationHere } from "../terminal/installation.ts";
import { typable } from "../../lib/text/typable.ts";
import { examineIdentity, examineListener } from "./examine_identity.ts";
import { examineMachine } from "./examine_machine.ts";
import { ownerOfPort } from "./port_owner.ts";
import { wantedListeners } from "./wanted_listeners.ts";
import { hearHouse } from "../broker/broker_snapshot.ts";
import { envPathOf, readConfig } from "../read_config.ts";
import { canRestart, requestRestart } from "../setup/start_service.ts";

/** Runs it. @returns the exit code: 1 when something is wrong */
export async function doctor(args: readonly string[]): Promise<number> {
  let env, isToHeal, isJson;
  try {
    ({ values: { env, heal: isToHeal, json: isJson } } = parseArgs({
      args: [...args],
      options: {
        env: { type: "string" },
        heal: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  if (isToHeal) return heal();
  // Before the configuration, which parts that do not fit may have made unusable.
  const here = installationHere();
  // In a container the broker is another one, and its parts are made by the first.
  const parts = here === "container" ? [] : examineBrokerParts(envPathOf(env), "/");
  const say = (found: readonly Finding[]) =>
    isJson ? 0 : print(`${wrap(typable(findingsText(found), here), 80, 7)}\n`);
  if (parts.length > 0) say(parts);
  const config = readConfig(env === undefined ? [] : ["--env", env]);
  if (typeof config === "number") {
    // A program that reads this finds an answer here too; the problems themselves stand on standard error.
    const text = "it cannot be used; what is wrong says: ecoflow-power check";
    const unusable: Finding = { what: "configuration", verdict: "bad", text: typable(text, here) };
    if (isJson) print(`${findingsJson([...parts, unusable])}\n`);
    return config;
  }
  const findings = await examineAll(config.house, envPathOf(env));
  const all = [...parts, ...findings].map((one) => ({ ...one, text: typable(one.text, here) }));
  const wrong = all.filter(({ verdict }) => verdict === "bad").length;
  if (isJson) {
    print(`${findingsJson(all)}\n`);
    return wrong === 0 ? EXIT.ok : EXIT.no;
  }
  say(findings);
  const end = `\n${endText(all, wrong)}\n`;
  return wrong === 0 ? print(wrap(end)) : complain(end, EXIT.no);
}

/** The last line. A host that would stay up is no fault where it is switched off, but it is not "nothing" either. */
function endText(all: readonly Finding[], wrong: number): string {
  if (wrong > 0) return `${wrong} to mend.`;
  const up = all.filter(({ wouldShutDown }) => wouldShutDown === false).map(({ what }) => what);
  return up.length === 0
    ? "Nothing is wrong."
    : `Nothing is wrong with the daemon, but this would not be shut down now (see above): ${up.join(", ")}`;
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
    ...examineMachine(house, { envPath, root: "/", nowWallMs }),
    ...examineLogins(house, "/"),
    ...await examineBridge(house, "/", connectMqtt),
    ...await examineNotifier(house.notifier),
    ...await examineCables(house),
  ];
  const listeners = await wantedListeners(house);
  const address = house.broker
    ? `${house.broker.host}:${house.broker.port}`
    : `127.0.0.1:${house.embeddedPort}`;
  const isLocal = house.broker === undefined || isThisMachine(house.broker.host);
  const owner = isLocal ? ownerOfPort(house.broker?.port ?? house.embeddedPort) : undefined;
  const holder = holderOfState(house.stateDir);
  const judged = (status: OrchestratorStatus | undefined) =>
    listeners.map((one) => examineListener(one, status, holder));
  try {
    const words = await hearHouse(house, "doctor", { connect: connectMqtt, clock: systemClock() });
    const identity = examineIdentity(house, words.orchestrator);
    // Of somebody else's daemon nothing is believed.
    const status = identity?.verdict === "bad" ? undefined : words.orchestrator;
    findings.push(
      house.broker
        ? {
          what: "broker",
          verdict: "good",
          text: (owner ? `${address} (${owner.name}, process ${owner.pid})` : address) +
            olderVersionText(words.spoken),
        }
        : examineListener({ what: "broker", service: "broker_link", address, owner }, status, holder),
    );
    if (identity?.verdict === "bad") return [...findings, identity, ...judged(undefined)];
    const daemon = examineHouse(house, words, Date.now(), holder);
    return [...findings, ...(identity ? [identity] : []), ...judged(status), ...daemon];
  } catch (error) {
    if (!(error instanceof NoBrokerError)) throw error;
    const whose = owner ? ` (${owner.name}, process ${owner.pid} listens there)` : "";
    const text = `${error.down.text}${whose}; ${brokerCure(error.down, house, holder)}`;
    return [...findings, { what: "broker", verdict: "bad", text }, ...judged(undefined)];
  }
}
