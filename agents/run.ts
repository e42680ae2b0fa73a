/** Runs the agent until it is told to end. */
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { REAL_TIME, systemClock, type TimeScale } from "../lib/time/clock.ts";
import { budgeted } from "../lib/log/log_budget.ts";
import { consoleSink, createLogger } from "../lib/log/log.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { Agent, type AgentStores } from "./agent.ts";
import type { AgentConfig } from "./settings/config.ts";
import { rehearsedHostTime, systemHostTime } from "./host_time.ts";
import type { HostPlatform } from "./platform/platform.ts";
import { processRunner, rehearsalRunner } from "./shutdown/runner.ts";
import { textFile } from "../lib/files/text_file.ts";

/** Resolves after SIGTERM or SIGINT. */
export async function run(config: AgentConfig, platform: HostPlatform, scale: TimeScale): Promise<void> {
  const clock = systemClock(scale);
  const style = Deno.env.get("JOURNAL_STREAM") ? "journal" : "plain";
  const log = createLogger(
    "agent",
    config.logLevel,
    budgeted(consoleSink(style, clock.wallMs), clock.monoMs),
  );
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  for (const text of config.notices) log.notice("CONFIGURATION READ OTHERWISE", { text });
  const isPlay = config.rehearsal || scale !== REAL_TIME;
  const agent = new Agent({
    ...config,
    defaultDelaySec: config.shutdownDelaySec,
    host: { os: platform.name, hostname: hostname() },
  }, {
    connect: connectMqtt,
    clock,
    time: isPlay ? rehearsedHostTime(clock, Math.random) : systemHostTime(clock),
    log,
    random: Math.random,
    runner: config.rehearsal ? rehearsalRunner(log) : processRunner(log, clock),
    stores: storesIn(config),
  });
  const ended = Promise.withResolvers<void>();
  // Windows knows neither SIGTERM nor a way to send it.
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGTERM", "SIGINT"];
  for (const signal of signals) Deno.addSignalListener(signal, ended.resolve);
  agent.start();
  await ended.promise;
  await agent.stop();
  log.notice("AGENT STOPPED");
}

/** Where this agent keeps what outlives it. */
export function storesIn({ stateDir, keyFile }: Pick<AgentConfig, "stateDir" | "keyFile">): AgentStores {
  return {
    keys: textFile(keyFile),
    obeyed: textFile(join(stateDir, "obeyed.json")),
    plan: textFile(join(stateDir, "plan.json")),
    run: textFile(join(stateDir, "run.json")),
  };
}
