/** `ecoflow-power check`: reads the configuration, and says what is wrong with it or what it means. */
import { parseArgs } from "node:util";
import { readEnvFile } from "../lib/config/env_file.ts";
import type { HouseConfig } from "../lib/config/load.ts";
import { migrationOf, migrationText } from "../lib/config/migration.ts";
import { FORBIDDEN, probe } from "../services/sandbox.ts";
import { workerPermissions, workersOf } from "../services/workers.ts";
import { complain, EXIT, print } from "./command.ts";
import { typable } from "../lib/text/typable.ts";
import { wrap } from "../lib/text/wrap.ts";
import { installationHere } from "./terminal/installation.ts";
import { DISK, envPathOf, readConfig } from "./read_config.ts";

/** Runs it. @returns the exit code */
export async function check(args: readonly string[]): Promise<number> {
  const rest = args.filter((arg) => arg !== "--sandbox");
  const config = readConfig(rest);
  if (args.includes("--sandbox") && typeof config !== "number") return await checkSandbox(config.house);
  if (typeof config !== "number") print(meaning(config.house));
  // Whoever moves over wants to know it also while something is still missing.
  print(migration(rest));
  return typeof config === "number" ? config : EXIT.ok;
}

/** What became of the predecessor's keys in the file; nothing to say of a file that has none. */
function migration(args: readonly string[]): string {
  try {
    const { values: { env } } = parseArgs({ args: [...args], options: { env: { type: "string" } } });
    const path = envPathOf(env);
    const found = path === undefined ? undefined : migrationOf(readEnvFile(DISK.readFile(path), path).values);
    return found ? migrationText(found) : "";
  } catch {
    // What is wrong with it was said before.
    return "";
  }
}

function meaning(house: HouseConfig): string {
  const stations = house.stations.map(({ sn, name }) => name ? `${name} (${sn})` : sn);
  return [
    `The configuration can be used.`,
    `  stations  ${stations.join(", ") || "those of the account"}`,
    ...Object.entries(house.agentsByStation).map(([device, agents]) =>
      `  hosts     ${device}: ${agents.join(", ") || "none"}`
    ),
    `  broker    ${house.broker ? `${house.broker.host}:${house.broker.port}` : "embedded"}`,
    `  state     ${house.stateDir}`,
    ...house.remarks.map((remark) => `  note      ${remark}`),
    "",
  ].map((line) => wrap(typable(line, installationHere()), 80, 12)).join("\n");
}

/** Whether this program, on this machine, keeps its services in: it is tried. */
async function checkSandbox(house: HouseConfig): Promise<number> {
  let isOpen = false;
  for (const { services } of workersOf(house)) {
    const allowed = await probe(workerPermissions(services, house), FORBIDDEN);
    const open = FORBIDDEN.filter((_, i) => allowed[i]).map(({ kind, target }) => `${kind} ${target}`);
    isOpen ||= open.length > 0;
    const text = open.length > 0 ? `NOT DENIED: ${open.join(", ")}` : `${FORBIDDEN.length} attempts denied`;
    print(`${services.map(({ name }) => name).join(", ").padEnd(14)} ${text}\n`);
  }
  return isOpen ? complain("The sandbox does not hold\n", EXIT.software) : EXIT.ok;
}
