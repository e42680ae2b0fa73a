/** The NUT server, for hosts without an agent. */
import type { ConfigSources, HouseConfig, PemKey } from "../house_config.ts";
import type { KeyReading } from "../read_keys.ts";
import { fileFault } from "../shown_value.ts";

/** What the NUT server is told; undefined: none is wanted. Adds to `problems` what does not go together. */
export function readNut(
  { values }: KeyReading,
  sources: ConfigSources,
  problems: string[],
  readPem: (key: PemKey) => string | undefined,
): HouseConfig["nut"] {
  const path = values.NUT_CONFIG_FILE;
  const listenHost = values.NUT_LISTEN_HOST;
  const certPem = readPem("NUT_CERT_FILE");
  const keyPem = readPem("NUT_KEY_FILE");
  if (path === undefined) {
    if (listenHost !== undefined) {
      problems.push("NUT_LISTEN_HOST must come with NUT_CONFIG_FILE, found it alone");
    }
    return undefined;
  }
  if (listenHost === undefined) {
    problems.push("NUT_CONFIG_FILE must come with NUT_LISTEN_HOST, found it alone");
  }
  if ((certPem === undefined) !== (keyPem === undefined)) {
    problems.push("NUT_CERT_FILE and NUT_KEY_FILE must be given together, found only one");
  }
  try {
    return {
      text: sources.readFile(path),
      source: `NUT_CONFIG_FILE "${path}"`,
      listenHost: listenHost ?? "",
      port: values.NUT_PORT,
      certPem,
      keyPem,
      lowBatteryPercent: values.NUT_LOW_BATTERY_PERCENT,
    };
  } catch (error) {
    problems.push(fileFault("NUT_CONFIG_FILE", path, error));
  }
}
