/** Rehearses a shutdown on this host: its preparations for real, its last command only in words. */
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { AgentConfig } from "./config.ts";
import { systemHostTime } from "./host_time.ts";
import { processRunner } from "./runner.ts";
import { ShutdownRun } from "./shutdown_run.ts";

/** @returns whether every preparation succeeded */
export async function rehearse(config: AgentConfig, clock: Clock, log: Logger): Promise<boolean> {
  let isGood = true;
  const order = {
    id: "rehearsal",
    source: "command",
    delaySec: config.shutdownDelaySec,
    isDrill: true,
  } as const;
  const run = new ShutdownRun(order, {
    runner: processRunner(log, clock),
    commands: config.commands,
    clock,
    time: systemHostTime(clock),
    log,
    tell(status, detail) {
      if (status === "failed") isGood = false;
      if (status === "done") log.notice("REHEARSED", { result: detail });
    },
    save: () => {},
    watchesEnd: false,
  });
  await run.go();
  return isGood;
}
