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
import { DAEMON_USER } from "../../services/broker_access.ts";

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
    const hasDropIn = existsSync(join(root, "etc/mosquitto/conf.d/ecoflow-power.conf"));
    const hasSecret = existsSync(join(own, "credentials/mqtt_pass"));
    const isOurs = isThisMachine(values.MQTT_HOST ?? "") && values.MQTT_USER === DAEMON_USER;
    const bad = (text: string): Finding[] => [{ what, verdict: "bad", text: `${text}; ${HEAL}` }];
    if (values.MQTT_HOST === undefined && (hasSecret || (isThere && hasDropIn))) {
      return bad(
        "half-made: Mosquitto's part is here, but the configuration does not name it (MQTT_HOST, MQTT_USER)",
      );
    }
    if (!isOurs) return [];
    if (!isThere) {
      return bad("half-made: the configuration names the Mosquitto on this machine, and none is installed");
    }
    const missing = FILES.filter((name) => !existsSync(join(root, "etc/mosquitto/ecoflow-power", name)));
    if (!hasDropIn) missing.push("conf.d/ecoflow-power.conf");
    return missing.length === 0
      ? examineMemory(root)
      : bad(`half-made: Mosquitto lacks ${missing.join(", ")}`);
  } catch (error) {
    return [{ what, verdict: "unsure", text: `its files: ${fileErrorText(error)}` }];
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
