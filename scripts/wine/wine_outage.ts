/**
 * A whole outage against the agent as Windows runs it: the runtime form for Windows in Wine, paired by its own command, at a
 * real Mosquitto with TLS and beside the real daemon. It runs Wine's `shutdown.exe`, which says what it was told and ends
 * with 0.
 */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { EMPTY, GRID, pause, startAgentHouse, until } from "../boot/agent_house.ts";
import { AGENT } from "../build/build_agents.ts";
import { bundle } from "../build/bundle.ts";
import { putTogether } from "../build/build_programs.ts";
import { RUN_FLAGS } from "../build/launcher.ts";
import type { WineRoot } from "./wine_root.ts";

const HOST = "wine-pc";
const ONLINE_MS = 120_000;
const OUTAGE_MS = 60_000;
const SETTINGS = { POLICY_SOC_MIN: "10", POLICY_DEBOUNCE_SEC: "5", POLICY_SHUTDOWN_DELAY_SEC: "60" };
/** How Wine's stand-in says what it was told: `fixme:shutdown:wmain stub: L"shutdown.exe" L"/s" …`. */
const TOLD = /fixme:shutdown/;

/** What was looked at, and whether it was so. */
export interface Verdict {
  readonly name: string;
  readonly held: boolean;
}

/** @param dir A directory for throw-away files. @param say Gets the agent's lines when something was not so */
export async function playOutage(
  wine: WineRoot,
  dir: string,
  say: (text: string) => void,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const lines: string[] = [];
  const check = (name: string, held: boolean) => void verdicts.push({ name, held });
  const waitFor = (name: string, isSo: () => boolean, limitMs: number) =>
    until(name, isSo, limitMs).then(() => check(name, true), () => check(name, false));
  mkdirSync(dir, { recursive: true });
  await bundle("agent", join(dir, "bundle"));
  const folder = await putTogether(AGENT, "x86_64-pc-windows-msvc", dir, join(dir, "bundle"));
  cpSync(folder, join(wine.root, "agent"), { recursive: true });
  const agentArgs = [...RUN_FLAGS, ...AGENT.flags, "Z:\\agent\\main.js"];
  const program = "Z:\\agent\\runtime\\ecoflow-agent.exe";
  const house = await startAgentHouse(HOST, dir);
  const daemon = await house.startDaemon(SETTINGS);
  let agent: Deno.ChildProcess | undefined;
  let stopFeeding = house.keepFeeding(GRID);
  try {
    const pairing = wine.command(program, [...agentArgs, "pair"], {
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = pairing.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${house.pairingLine}\n`));
    await writer.close();
    const paired = await pairing.output();
    check("the agent in Wine is paired", paired.success);
    if (!paired.success) lines.push(new TextDecoder().decode(paired.stderr));
    agent = wine.command(program, [...agentArgs, "run"], { stdout: "piped", stderr: "piped" }).spawn();
    void collect(agent.stdout, lines);
    void collect(agent.stderr, lines);
    await waitFor("the agent is connected over TLS with its own password", () => house.isOnline(), ONLINE_MS);
    await pause(3000);
    check("nothing happens on the grid", house.acks.length === 0);
    stopFeeding();
    stopFeeding = house.keepFeeding(EMPTY);
    await waitFor("an outage: the agent accepts", () => house.acks.includes("accepted"), OUTAGE_MS);
    await waitFor("an outage: it shuts down", () => house.acks.includes("shutting_down"), OUTAGE_MS);
    await waitFor(
      "an outage: Windows' shutdown.exe is told to count 60 s",
      () => lines.some((line) => TOLD.test(line) && told(line, "/s", "/f", "/t", "60")),
      OUTAGE_MS,
    );
    stopFeeding();
    stopFeeding = house.keepFeeding(GRID);
    await waitFor(
      "the grid is back: the shutdown is aborted",
      () => house.acks.includes("aborted"),
      OUTAGE_MS,
    );
    await waitFor(
      "the grid is back: Windows' shutdown.exe is told to abort",
      () => lines.some((line) => TOLD.test(line) && told(line, "/a")),
      OUTAGE_MS,
    );
    check("the agent never failed a step", !house.acks.includes("failed"));
    check("the agent is online to the end", house.isOnline());
  } finally {
    stopFeeding();
    if (agent) await end(agent);
    await daemon.stop();
    await house.close();
  }
  if (verdicts.some(({ held }) => !held)) say(lines.slice(-40).map((line) => `       | ${line}`).join("\n"));
  return verdicts;
}

/** Whether the stand-in was told just these words first. */
function told(line: string, ...words: readonly string[]): boolean {
  const found = [...line.matchAll(/L"([^"]*)"/g)].map(([, word]) => word).filter((word) =>
    word !== "shutdown.exe"
  );
  return words.every((word, at) => found[at] === word);
}

async function collect(stream: ReadableStream<Uint8Array>, lines: string[]): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split(/\r?\n/);
    rest = parts.pop() ?? "";
    lines.push(...parts);
  }
}

async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
  await child.status;
}
