/**
 * Asks a UPS of somebody else, over NUT, whether the grid is there, and tells it on a topic that the policy file can name
 * as a witness. It tells only what it heard just now: silence is the witness's silence.
 */
import type { Clock } from "../../lib/clock.ts";
import { errorText } from "../../lib/errors.ts";
import { type TopicRoots, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { Service, ServiceContext } from "../../lib/service.ts";
import { readStatusAnswer, statusRequest, type UpsReading } from "./ups_reading.ts";

/** The slice of the configuration that this service gets. */
export interface NutWitnessConfig {
  readonly roots: TopicRoots;
  /** Name of the UPS at that server. */
  readonly ups: string;
  readonly host: string;
  readonly port: number;
}

/** The part of a TCP connection that is used. */
export type UpsConnection = Pick<Deno.TcpConn, "read" | "write" | "close">;

/** Opens a connection to the server. */
export type ConnectUps = (host: string, port: number) => Promise<UpsConnection>;

/** How often the server is asked, ms. */
export const ASK_EVERY_MS = 5000;
/** How long it may take to answer, ms: what NUT's own clients allow. */
export const ANSWER_MS = 5000;
/** The longest line of an answer, bytes: NUT's own limit. */
const MAX_LINE_BYTES = 512;

/** Makes the service as it runs in its worker. */
export function createNutWitness(context: ServiceContext<NutWitnessConfig>): NutWitness {
  return new NutWitness(context, (hostname, port) => Deno.connect({ hostname, port }));
}

/** See the file comment. */
export class NutWitness implements Service {
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #lastStatus: string | undefined;

  constructor(
    private readonly context: ServiceContext<NutWitnessConfig>,
    private readonly connect: ConnectUps,
  ) {}

  start(): Promise<void> {
    this.#running = this.#run(this.#stopping.signal);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, config, health, log } = this.context;
    const place = `${config.ups}@${config.host}:${config.port}`;
    while (!signal.aborted) {
      try {
        const reading = await askStatus(this.connect, config, clock, signal);
        health.clear("witness_silent");
        this.#tell(reading, place);
      } catch (error) {
        if (signal.aborted) return;
        if (health.list().length === 0) log.warn("WITNESS SILENT", { ups: place, reason: errorText(error) });
        health.raise({
          code: "witness_silent",
          severity: "warning",
          text: `The UPS ${place} does not answer: ${errorText(error)}`.slice(0, 500),
        });
      }
      await clock.sleep(ASK_EVERY_MS, signal).catch(() => {});
    }
  }

  #tell({ status, gridConnected }: UpsReading, place: string): void {
    const { bus, clock, config, log } = this.context;
    if (status !== this.#lastStatus) log.notice("WITNESS SAYS", { ups: place, status });
    this.#lastStatus = status;
    // A status that says nothing about the grid is no word at all, so the witness grows old.
    if (gridConnected === undefined) return;
    const ts = new Date(clock.wallMs()).toISOString();
    const payload = JSON.stringify({ ups: place, status, grid_connected: gridConnected, ts });
    void bus.publish(topicsUnder(config.roots).nutWitness, payload).catch((error) =>
      log.error("WITNESS NOT TOLD", { reason: errorText(error) })
    );
  }
}

/** One question on one connection. @throws Error when the server cannot be reached, is late or answers otherwise */
async function askStatus(
  connect: ConnectUps,
  { ups, host, port }: NutWitnessConfig,
  clock: Clock,
  signal: AbortSignal,
): Promise<UpsReading> {
  const done = new AbortController();
  const limit = AbortSignal.any([signal, done.signal]);
  let connection: UpsConnection | undefined;
  const tooLate = clock.sleep(ANSWER_MS, limit).then(() => {
    throw new Error(`no answer within ${ANSWER_MS / 1000} s`);
  });
  const answer = (async () => {
    connection = await connect(host, port);
    // It came too late: nobody waits for it any more.
    if (limit.aborted) connection.close();
    await connection.write(new TextEncoder().encode(statusRequest(ups)));
    return readStatusAnswer(await readLine(connection));
  })();
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    done.abort();
    try {
      connection?.close();
    } catch {
      // It is closed already.
    }
    // Whichever lost the race ends now, and what it throws is of no interest.
    await Promise.allSettled([tooLate]);
    answer.catch(() => {});
  }
}

async function readLine(connection: UpsConnection): Promise<string> {
  const buffer = new Uint8Array(MAX_LINE_BYTES);
  let length = 0;
  while (length < buffer.length) {
    const count = await connection.read(buffer.subarray(length));
    if (count === null) throw new Error("the server closed the connection");
    const end = buffer.subarray(0, length + count).indexOf(0x0a);
    length += count;
    if (end >= 0) return new TextDecoder().decode(buffer.subarray(0, end));
  }
  throw new SyntaxError(`must answer with a line of at most ${MAX_LINE_BYTES} bytes, found more`);
}
