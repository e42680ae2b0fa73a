/** The accounts at EcoFlow. Pure. */
import { own } from "../../own.ts";
import type { HouseConfig } from "../house_config.ts";
import type { KeyReading } from "../read_keys.ts";

/** Which accounts are there, and whether the cloud is wanted; adds to `problems` what does not go together. */
export function readAccounts(
  { values }: KeyReading,
  problems: string[],
): Pick<HouseConfig["cloud"], "enabled" | "app" | "open"> {
  const pair = (
    first: "ECOFLOW_USER" | "ECOFLOW_ACCESS_KEY",
    second: "ECOFLOW_PASS" | "ECOFLOW_SECRET_KEY",
  ) => {
    const [a, b] = [own(values, first), own(values, second)];
    if (a !== undefined && b !== undefined) return [a.trim(), b] as const;
    if (a !== undefined || b !== undefined) {
      problems.push(
        `${first} and ${second} must be given together, found only ${a === undefined ? second : first}`,
      );
    }
  };
  const app = pair("ECOFLOW_USER", "ECOFLOW_PASS");
  const open = pair("ECOFLOW_ACCESS_KEY", "ECOFLOW_SECRET_KEY");
  const enabled = values.ECOFLOW_CLOUD;
  if (enabled && !app && !open && problems.length === 0) {
    problems.push(
      "ECOFLOW_USER and ECOFLOW_PASS (or ECOFLOW_ACCESS_KEY and ECOFLOW_SECRET_KEY) must be set, found neither; " +
        "ECOFLOW_CLOUD=off runs without the cloud",
    );
  }
  return {
    enabled,
    app: app && { user: app[0], pass: app[1] },
    open: open && { accessKey: open[0], secretKey: open[1].trim() },
  };
}
