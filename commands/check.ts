/** `ecoflow-power check`: reads the configuration, and says what is wrong with it or what it means. */
import { print } from "./command.ts";
import { readConfig } from "./read_config.ts";

/** Runs it. @returns the exit code */
export function check(args: readonly string[]): number {
  const config = readConfig(args);
  if (typeof config === "number") return config;
  const stations = config.house.stations.map(({ sn, name }) => name ? `${name} (${sn})` : sn);
  return print([
    `The configuration can be used.`,
    `  stations  ${stations.join(", ") || "those of the account"}`,
    ...Object.entries(config.house.agentsByStation).map(([device, agents]) =>
      `  hosts     ${device}: ${agents.join(", ") || "none"}`
    ),
    `  broker    ${
      config.house.broker ? `${config.house.broker.host}:${config.house.broker.port}` : "embedded"
    }`,
    `  state     ${config.house.stateDir}`,
    ...config.house.remarks.map((remark) => `  note      ${remark}`),
    "",
  ].join("\n"));
}
