/** What to do when the broker of the house does not answer. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { BrokerRefusedError, errorText } from "../../lib/errors.ts";
import type { MqttDown } from "../../lib/mqtt/client.ts";
import { holderOfState, type StateHolder } from "../../lib/state_lock.ts";
import { EXIT } from "../command.ts";
import { fileErrorText } from "../terminal/file_error.ts";
import { installationHere } from "../terminal/installation.ts";
import { foreignBrokerText, NoDaemonError } from "./living_daemon.ts";
import { NoBrokerError } from "./broker_guest.ts";

/** The one thing to do. @param holder Who holds this configuration's state directory */
export function brokerCure(
  { kind }: MqttDown,
  { broker, embeddedPort }: HouseConfig,
  holder: StateHolder,
): string {
  // The daemon's own broker asks for no password.
  if (!broker && kind === "refused") return foreignBrokerText(embeddedPort);
  if (!broker && holder.kind === "taken") {
    return `the daemon runs (process ${holder.pid ?? "unknown"}), but its broker does not: see: ` +
      "journalctl -u ecoflow-power";
  }
  if (!broker) return "the daemon does not run; start it: sudo systemctl start ecoflow-power";
  switch (kind) {
    case "refused":
      return "see MQTT_USER and MQTT_PASS" +
        (installationHere() === "package" ? "; both are made anew by: sudo ecoflow-power broker setup" : "");
    case "tls":
      return "see MQTT_CA_FILE and the name in MQTT_HOST";
    case "closed":
    case "network":
      return "is Mosquitto there? systemctl status mosquitto; when its log says that it cannot restore its database, move " +
        "mosquitto.db away and start it; see MQTT_HOST and MQTT_PORT";
  }
}

/** How a command that speaks to the running daemon ends: a house that does not answer is no fault of the program. */
export function failureOf(
  error: unknown,
  house: HouseConfig,
): { readonly text: string; readonly code: number } {
  if (!(error instanceof NoBrokerError)) {
    const isAnswer = error instanceof NoDaemonError || error instanceof BrokerRefusedError ||
      (error instanceof Error && error.constructor === Error);
    return { text: fileErrorText(error), code: isAnswer ? EXIT.no : EXIT.software };
  }
  const cure = brokerCure(error.down, house, holderOfState(house.stateDir));
  return { text: `${errorText(error)}; ${cure}`, code: EXIT.no };
}
