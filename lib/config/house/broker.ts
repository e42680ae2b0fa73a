/** The broker in the house. Pure. */
import { own } from "../../own.ts";
import { isHost } from "../../text/host_name.ts";
import type { HouseConfig } from "../house_config.ts";
import type { KeyReading } from "../read_keys.ts";
import { notAHost } from "../shown_value.ts";

/** How the broker is reached; undefined: an embedded one is wanted. Adds to `problems` what does not go together. */
export function readBroker(
  { values }: KeyReading,
  problems: string[],
  pem: { readonly ca?: string; readonly cert?: string; readonly key?: string },
): HouseConfig["broker"] {
  const host = values.MQTT_HOST;
  const useTls = values.MQTT_TLS;
  const username = values.MQTT_USER;
  const password = values.MQTT_PASS;
  if (host === undefined) {
    for (const key of ["MQTT_PORT", "MQTT_USER", "MQTT_PASS", "MQTT_CA_FILE", "MQTT_CERT_FILE"] as const) {
      if (own(values, key) !== undefined) problems.push(`${key} must come with MQTT_HOST, found it alone`);
    }
    if (useTls) problems.push("MQTT_TLS must come with MQTT_HOST, found it alone");
    return undefined;
  }
  if (!isHost(host)) problems.push(notAHost("MQTT_HOST", host));
  if (!useTls && (pem.ca || pem.cert || pem.key)) {
    problems.push("MQTT_CA_FILE, MQTT_CERT_FILE and MQTT_KEY_FILE need MQTT_TLS=on, found it off");
  }
  if ((pem.cert === undefined) !== (pem.key === undefined)) {
    problems.push("MQTT_CERT_FILE and MQTT_KEY_FILE must be given together, found only one");
  }
  if (password !== undefined && username === undefined) {
    problems.push("MQTT_PASS needs MQTT_USER, found it alone");
  }
  return {
    host,
    port: values.MQTT_PORT ?? (useTls ? 8883 : 1883),
    username,
    password,
    tls: useTls ? pem : undefined,
  };
}
