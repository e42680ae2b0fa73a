/**
 * Whether Mosquitto's part and the daemon's part fit each other, as the package makes them: an installation that was cut off,
 * or an older package, may have left one without the other. Looks at files alone, so that it can speak when the
 * configuration cannot be used.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileErrorText } from "../terminal/file_error.ts";
import { readEnvFile } from "../../lib/config/env_file.ts";
import type { Finding } from "../../lib/findings.ts";
import { isThisMachine } from "../../lib/this_machine.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { DAEMON_USER } from "../../services/broker_access.ts";
import { ManagedBroker } from "../broker/managed_broker.ts";
import { DROP_IN, examineOwnersMosquitto, examineRulesBeside } from "./owners_mosquitto.ts";

const FILES = ["ca.pem", "server.pem", "server.key", "passwords", "acl"];
const HEAL = "run: sudo ecoflow-power doctor --heal";

/**
 * See the file comment. Nothing is said where the package did not put the parts together.
 *
 * @param envPath The configuration's file
 * @param root Below which Mosquitto's files lie; `/` on a real machine
 */
export function examineBrokerParts(envPath: string | undefined, root: string): Finding[] {
  const own = join(root, "etc/ecoflow-power");
  const isPackaged = envPath !== undefined && envPath === join(own, "ecoflow-power.env");
  if (!isPackaged || !existsSync(envPath)) return [];
  const what = "broker";
  try {
    const { values } = readEnvFile(readFileSync(envPath, "utf8"), envPath);
    const isThere = existsSync(join(root, "usr/sbin/mosquitto"));
    const hasDropIn = existsSync(join(root, DROP_IN));
    const hasSecret = existsSync(join(own, "credentials/mqtt_pass"));
    const isOurs = isThisMachine(values.MQTT_HOST ?? "") && values.MQTT_USER === DAEMON_USER;
    const bad = (text: string): Finding[] => [{ what, verdict: "bad", text: `${text}; ${HEAL}` }];
    const isUnnamed = (values.MQTT_HOST ?? "") === "";
    if (isUnnamed && (hasSecret || (isThere && hasDropIn))) {
      return bad(
        "half-made: Mosquitto's part is here, but the configuration does not name it (MQTT_HOST, MQTT_USER)",
      );
    }
    if (isUnnamed && isThere) {
      return examineOwnersMosquitto(envPath, Number(values.MQTT_EMBEDDED_PORT ?? 1883), root);
    }
    if (!isOurs) return [];
    if (!isThere) {
      return bad("half-made: the configuration names the Mosquitto on this machine, and none is installed");
    }
    const missing = FILES.filter((name) => !existsSync(join(root, "etc/mosquitto/ecoflow-power", name)));
    if (!hasDropIn) missing.push("conf.d/ecoflow-power.conf");
    if (missing.length > 0) return bad(`half-made: Mosquitto lacks ${missing.join(", ")}`);
    const broken = unusableParts(root);
    if (broken.length > 0) return bad(`cannot be used: ${broken.join(", ")}`);
    return [...examineRulesBeside(root), ...examineAuthorityKey(root), ...examineMemory(root)];
  } catch (error) {
    return [{ what, verdict: "unsure", text: `its files: ${fileErrorText(error)}` }];
  }
}

/** What is there, and is not what it should be. */
function unusableParts(root: string): string[] {
  const broker = new ManagedBroker(root);
  const { ca, canServe } = broker.authority;
  return [
    ...(ca === undefined ? ["the authority's certificate (ca.pem)"] : []),
    ...(canServe ? [] : ["the server's certificate or its key (server.pem, server.key)"]),
    ...(broker.logins === undefined ? ["the list of logins (passwords)"] : []),
  ];
}

/** Nothing that hosts need today, and nothing that can be made anew without pairing all of them. */
function examineAuthorityKey(root: string): Finding[] {
  if (new ManagedBroker(root).authority.caKey !== undefined) return [];
  const text =
    "its key (/etc/ecoflow-power/authority/ca.key) cannot be used: paired hosts go on, but no other certificate can be " +
    "issued; put it back from a backup (docs/backup.md), or pair every host anew after: sudo ecoflow-power broker setup --renew";
  return [{ what: "authority", verdict: "unsure", text }];
}

/**
 * Hosts that have a key, and that the broker beside us does not let in: its list of logins was lost.
 *
 * @param root Below which Mosquitto's files lie; `/` on a real machine
 */
export function examineLogins({ broker, agentsByStation, agentKeys }: HouseConfig, root: string): Finding[] {
  if (broker === undefined || !isThisMachine(broker.host)) return [];
  try {
    const managed = new ManagedBroker(root);
    const { caPem, logins } = managed;
    if (caPem === undefined || logins === undefined) return [];
    return [...new Set(Object.values(agentsByStation).flat())]
      .filter((agent) => Object.hasOwn(agentKeys, agent) && !logins.has(agent))
      .map((agent): Finding => ({
        what: `host ${agent}`,
        verdict: "bad",
        text:
          `the broker does not know it any more and lets it not in; make a new line for it: ecoflow-power keys rotate ${agent}`,
      }));
  } catch (error) {
    return [{ what: "broker", verdict: "unsure", text: `its list of logins: ${fileErrorText(error)}` }];
  }
}

/** Mosquitto's file of what outlives a restart, put aside because it could not be read. */
function examineMemory(root: string): Finding[] {
  const dir = join(root, "var/lib/mosquitto");
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((name) => name.startsWith("mosquitto.db.refused-")).map((name): Finding => ({
    what: "broker's memory",
    verdict: "unsure",
    text:
      `could not be read, most likely after a cut of power, and was put aside as ${
        join(dir, name)
      }: what waited for ` +
      "hosts that were off is lost, the rest was said anew. Happens again and again? Then the card is wearing out. " +
      "Remove the file when you have read this",
  }));
}
