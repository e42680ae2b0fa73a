/** How many messages a second the whole chain takes before it falls behind or loses one. */
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { cpuSeconds } from "./memory.ts";
import { type BenchBroker, hostOf, type OutageHouse, startOutageHouse } from "./outage_house.ts";
import { type Stream, streamOf } from "./stream.ts";
import { FIRST_COLLECT_MS } from "../../lib/workers/collect_garbage.ts";
import { column, pause, withLimit } from "./figures/waiting.ts";

/** One rate that was tried. */
export interface RateFigures {
  /** Messages a second that were asked for, and that the emulated cloud brought out. */
  readonly wantedPerSec: number;
  readonly sentPerSec: number;
  /** How long a command took through everything that was on its way, at the end, ms. */
  readonly behindMs: number;
  /** Messages that were sent and never reached the broker in the house. */
  readonly lost: number;
  /** Messages that the broker dropped because somebody did not take them. */
  readonly dropped: number;
  /** Of one core: the daemon, and this process with the emulated cloud. */
  readonly daemonCpuShare: number;
  readonly cloudCpuShare: number;
  /** Kept up: everything came, and soon. */
  readonly isHeld: boolean;
}

/** A second of messages behind is too much. */
const BEHIND_LIMIT_MS = 1000;
const COMMAND_LIMIT_MS = 60_000;
/** The emulated cloud brought out at least this share, or the machine is the limit. */
const SENT_SHARE = 0.95;
/** Mosquitto counts what it dropped once a second. */
const SYS_MS = 1500;
/** What has not been counted by then was lost. */
const COUNT_LIMIT_MS = 10_000;
const topics = topicsUnder(DEFAULT_ROOTS);
const COUNTS = "$SYS/broker/publish/messages/";

/** Tries one rate after the other, each for `seconds`, and ends after the first that is not held. */
export async function* measureRates(
  broker: BenchBroker,
  stations: number,
  rates: readonly number[],
  seconds = 8,
): AsyncGenerator<RateFigures> {
  const house = await startOutageHouse(broker, stations, {
    observed: [topics.command("+"), topics.state("+"), `${COUNTS}+`],
  });
  try {
    const seen = watch(house);
    // The stations of the first rounds have said all that is new, and the collection after the start is over.
    await pause(FIRST_COLLECT_MS + SYS_MS * 2);
    let probe = 0;
    for (const wanted of rates) {
      const figures = await tryRate(house, wanted, seconds, seen, probe++);
      yield figures;
      if (!figures.isHeld) return;
    }
  } finally {
    await house.stop();
  }
}

interface Seen {
  readonly commands: Map<string, () => void>;
  dropped: number;
  /** By the broker, from anybody. */
  received: number;
}

function watch({ world }: OutageHouse): Seen {
  const seen: Seen = { commands: new Map(), dropped: 0, received: 0 };
  const numberIn = (payload: Uint8Array) => Number(new TextDecoder().decode(payload));
  world.onMessage(({ topic, payload }) => {
    if (topic === `${COUNTS}dropped`) seen.dropped = numberIn(payload);
    else if (topic === `${COUNTS}received`) seen.received = numberIn(payload);
    else seen.commands.get(topic)?.();
  });
  return seen;
}

async function tryRate(
  house: OutageHouse,
  wantedPerSec: number,
  seconds: number,
  seen: Seen,
  probe: number,
): Promise<RateFigures> {
  const { world, models } = house;
  const { pid } = world.daemon();
  const before = { ...seen };
  const cpuBefore = [cpuSeconds(pid), cpuSeconds(Deno.pid)] as const;
  const startMs = performance.now();
  const stream = streamOf(world, models, wantedPerSec / models.size);
  await pause(seconds * 1000);
  const tookSec = (performance.now() - startMs) / 1000;
  const sentPerSec = stream.sent() / tookSec;
  const daemonCpuShare = (cpuSeconds(pid) - cpuBefore[0]) / tookSec;
  const cloudCpuShare = (cpuSeconds(Deno.pid) - cpuBefore[1]) / tookSec;
  const behindMs = await behind(house, seen, probe, stream);
  const lostNow = () => Math.max(0, stream.sent() - (seen.received - before.received));
  for (let waitedMs = 0; waitedMs < COUNT_LIMIT_MS && (lostNow() > 0 || waitedMs < SYS_MS); waitedMs += 100) {
    await pause(100);
  }
  const dropped = seen.dropped - before.dropped;
  // The broker counts the daemon's other messages too, so this finds a loss only when it is more than those.
  const lost = lostNow();
  const isHeld = behindMs <= BEHIND_LIMIT_MS && dropped === 0 && lost === 0 &&
    sentPerSec >= SENT_SHARE * wantedPerSec;
  return { wantedPerSec, sentPerSec, behindMs, lost, dropped, daemonCpuShare, cloudCpuShare, isHeld };
}

/** One station loses the grid while the stream still runs: its command comes after all that was sent before. */
async function behind(
  { world, models }: OutageHouse,
  seen: Seen,
  probe: number,
  stream: Stream,
): Promise<number> {
  const [sn, model] = [...models][probe] ?? [];
  if (sn === undefined || !model) throw new RangeError("Cannot measure: more rates than stations");
  const received = Promise.withResolvers<void>();
  seen.commands.set(topics.command(hostOf(model.station.name)), received.resolve);
  model.setGrid(false);
  const sentMs = performance.now();
  world.replyNow(sn, model.now());
  const took = withLimit(received.promise, COMMAND_LIMIT_MS, "the command behind the stream");
  const isSoon = await Promise.race([took.then(() => true), pause(BEHIND_LIMIT_MS).then(() => false)]);
  stream.stop();
  if (!isSoon) await took;
  return performance.now() - sentMs;
}

/** The head of {@link rateRow}'s table. */
export const RATE_HEAD =
  "| messages/s asked | sent | a command behind them, ms | lost | dropped | daemon, % of a core | emulated cloud, % | held |\n" +
  "| --- | --- | --- | --- | --- | --- | --- | --- |";

/** One line of the table. */
export function rateRow(figures: RateFigures): string {
  const { wantedPerSec, sentPerSec, behindMs, lost, dropped, daemonCpuShare, cloudCpuShare, isHeld } =
    figures;
  return `| ${column(wantedPerSec)} | ${column(sentPerSec)} | ${column(behindMs)} | ${column(lost)} | ${
    column(dropped)
  } | ` +
    `${column(daemonCpuShare * 100)} | ${column(cloudCpuShare * 100)} | ${isHeld ? "yes" : "no"} |`;
}
