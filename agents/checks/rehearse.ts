/** Rehearses a shutdown on this host: its preparations for real, its last command only in words. */
import type { Clock } from "../../lib/time/clock.ts";
import type { Logger } from "../../lib/log/log.ts";
import type { AgentConfig } from "../settings/config.ts";
import { systemHostTime } from "../host_time.ts";
import type { Argv } from "../platform/platform.ts";
import { processRunner } from "../shutdown/runner.ts";
import { ShutdownRun } from "../shutdown/shutdown_run.ts";

/**
 * Goes through all of it, also after a failure.
 *
 * @param inService How a program is run with the rights of the service; undefined: they are run with those of the caller
 * @returns whether every preparation succeeded
 */
export async function rehearse(
  config: AgentConfig,
  clock: Clock,
  log: Logger,
  inService: ((argv: Argv, limitSec: number) => Argv) | undefined,
): Promise<boolean> {
  let isGood = true;
  const runner = processRunner(log, clock);
  const order = {
    id: "rehearsal",
    source: "command",
    delaySec: config.shutdownDelaySec,
    isDrill: true,
  } as const;
  const run = new ShutdownRun(order, {
    runner: inService
      ? { run: (argv, limitMs, signal) => runner.run(inService(argv, limitMs / 1000), limitMs, signal) }
      : runner,
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
