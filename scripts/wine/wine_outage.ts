/**
 * A whole outage against the agent as Windows runs it: the runtime form for Windows in Wine, paired by its own command, at a
 * real Mosquitto with TLS and beside the real daemon. It runs a `shutdown.exe` that keeps a count and answers with Windows'
 * codes (`shutdown_stand_in.c`). A second outage, in which somebody at the host calls its count off.
 */
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { EMPTY, GRID, pause, startAgentHouse, until } from "../boot/agent_house.ts";
import { AGENT } from "../build/build_agents.ts";
import { bundle } from "../build/bundle.ts";
import { putTogether } from "../build/build_programs.ts";
import { RUN_FLAGS } from "../build/launcher.ts";
import { type Call, callsOf, putStandIn } from "./stand_in.ts";
import type { WineRoot } from "./wine_root.ts";

const HOST = "wine-pc";
const ONLINE_MS = 120_000;
const OUTAGE_MS = 60_000;
const SETTINGS = { POLICY_SOC_MIN: "10", POLICY_DEBOUNCE_SEC: "5", POLICY_SHUTDOWN_DELAY_SEC: "60" };
/** Windows' codes: a count runs already; there is none to call off. */
const IS_SCHEDULED = 1190;

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
  await putStandIn(wine);
  const calls = (code: number, ...words: readonly string[]) =>
    callsOf(wine).filter((call) => was(call, code, words)).length;
  const acks = (status: string) => house.acks.filter((ack) => ack === status).length;
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
    await waitFor("an outage: the agent accepts", () => acks("accepted") > 0, OUTAGE_MS);
    await waitFor("an outage: it shuts down", () => acks("shutting_down") > 0, OUTAGE_MS);
    await waitFor("an outage: Windows counts 60 s", () => calls(0, "/s", "/f", "/t", "60") > 0, OUTAGE_MS);
    await waitFor(
      "an outage: the agent looks whether Windows still counts, and is told so (1190)",
      () => calls(IS_SCHEDULED, "/s", "/f") > 0,
      OUTAGE_MS,
    );
    stopFeeding();
    stopFeeding = house.keepFeeding(GRID);
    await waitFor("the grid is back: the shutdown is aborted", () => acks("aborted") > 0, OUTAGE_MS);
    await waitFor("the grid is back: Windows calls its count off", () => calls(0, "/a") > 0, OUTAGE_MS);
    check("the agent never failed a step", acks("failed") === 0);
    stopFeeding();
    stopFeeding = house.keepFeeding(EMPTY);
    await waitFor(
      "a second outage: Windows counts again",
      () => calls(0, "/s", "/f", "/t", "60") > 1,
      OUTAGE_MS,
    );
    const undone = await wine.command("C:\\windows\\system32\\shutdown.exe", ["/a"]).output();
    check("somebody at the host calls the count off", undone.success);
    await waitFor("called off by others: the agent notices within 60 s", () => acks("failed") > 0, OUTAGE_MS);
    check("called off by others: it says so", lines.some((line) => line.includes("UNDONE BY OTHERS")));
    stopFeeding();
    stopFeeding = house.keepFeeding(GRID);
    check("the agent is online to the end", house.isOnline());
  } finally {
    stopFeeding();
    if (agent) await end(agent);
    await daemon.stop();
    await house.close();
  }
  if (verdicts.every(({ held }) => held)) return verdicts;
  for (const { words, code } of callsOf(wine)) lines.push(`shutdown.exe ${words.join(" ")} = ${code}`);
  say(lines.slice(-40).map((line) => `       | ${line}`).join("\n"));
  return verdicts;
}

/** Whether a call began with these words and ended with this code. */
function was(call: Call, code: number, words: readonly string[]): boolean {
  return call.code === code && words.every((word, at) => call.words[at] === word);
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
