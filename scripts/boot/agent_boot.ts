/**
 * Shows the agent on a whole Linux: installed by its own command in a booted system, commanded by the real daemon through
 * Mosquitto with access list and TLS. The system really powers off, or really stays up.
 *
 * Needs root, systemd-nspawn, Mosquitto, a Debian root (debootstrap, see --help) and the built agent; says what is missing.
 *
 * Run: deno run -A scripts/boot/agent_boot.ts --root ROOT --agent BINARY [--only NAME]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { GRID, pause, startAgentHouse, until } from "./agent_house.ts";
import { type Scenario, SCENARIOS, type Site } from "./agent_scenarios.ts";
import { AGENT_ENV, BootedSystem, DONE, journal, MARK, prepareRoot, say, TRIED } from "./booted_system.ts";
import { asProgram } from "../as_program.ts";

const HELP = `Usage: agent_boot.ts --root ROOT --agent BINARY [--only NAME]
ROOT comes from: debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,procps,sudo bookworm ROOT
BINARY comes from: deno task build:agents --target x86_64-unknown-linux-gnu`;

const AGENT = "booted-pc";
const BOOT_LIMIT_MS = 60_000;
if (import.meta.main) await asProgram(import.meta.url, main);

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { root: { type: "string" }, agent: { type: "string" }, only: { type: "string" } },
  });
  const { root, agent, only } = values;
  if (root === undefined || agent === undefined) {
    say(HELP);
    return 64;
  }
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-boot-"));
  try {
    const copy = join(dir, "root");
    await runOrThrow("cp", ["-a", root, copy]);
    await playAll(dir, copy, agent, SCENARIOS.filter(({ name }) => only === undefined || name === only));
    return 0;
  } catch (error) {
    say(`FAILED ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function playAll(
  dir: string,
  root: string,
  binary: string,
  scenarios: readonly Scenario[],
): Promise<void> {
  const house = await startAgentHouse(AGENT, dir);
  prepareRoot(root, binary, house.pairingLine);
  const site: Site = { ...house, root };
  try {
    for (const scenario of scenarios) await playOne(site, scenario);
  } finally {
    await house.close();
  }
}

async function playOne(site: Site, scenario: Scenario): Promise<void> {
  const { name, settings, play, agentLines, tries } = scenario;
  say(`${name} …`);
  if (agentLines || tries) await firstBoot(site);
  const envFile = join(site.root, AGENT_ENV);
  const plainEnv = readFileSync(envFile, "utf8");
  if (agentLines) {
    const keys = agentLines.map((line) => line.slice(0, line.indexOf("=") + 1));
    const others = plainEnv.split("\n").filter((line) => !keys.some((key) => line.startsWith(key)));
    writeFileSync(envFile, [...others, ...agentLines, ""].join("\n"), { mode: 0o600 });
  }
  for (const file of [TRIED, DONE]) rmSync(join(site.root, file), { force: true });
  writeFileSync(join(site.root, "opt/tries"), tries ?? "");
  site.acks.length = 0;
  rmSync(join(site.root, MARK), { force: true });
  rmSync(join(site.root, "var/lib/ecoflow-agent/plan.json"), { force: true });
  const daemon = await site.startDaemon(settings);
  const system = new BootedSystem(site.root);
  try {
    const stop = site.keepFeeding(GRID);
    await until("the agent online", site.isOnline, BOOT_LIMIT_MS);
    await pause(3000);
    stop();
    await play(site, system);
    say(`ok     ${name}`);
  } catch (error) {
    say(daemon.lines.slice(-15).join("\n"));
    say(await journal(site.root));
    throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    await system.stop();
    await daemon.stop();
    if (agentLines) writeFileSync(envFile, plainEnv, { mode: 0o600 });
    await until("the agent offline", () => !site.isOnline(), 60_000).catch(() => {});
  }
}

/** Lets the system install the agent, and ends it: what a scenario changes in the configuration comes after that. */
async function firstBoot(site: Site): Promise<void> {
  if (existsSync(join(site.root, "etc/systemd/system/ecoflow-agent.service"))) return;
  const system = new BootedSystem(site.root);
  try {
    await until("the agent installed", site.isOnline, BOOT_LIMIT_MS);
  } finally {
    await system.stop();
    await until("the agent offline", () => !site.isOnline(), 60_000).catch(() => {});
  }
}

async function runOrThrow(program: string, args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args, stdout: "null", stderr: "inherit" }).output();
  if (!success) throw new Error(`"${program}" failed`);
}
