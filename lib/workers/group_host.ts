/**
 * The services in a worker that they share. Each has a seat, and a new one for each start: what one says of its former life is
 * not taken for the present one. One that could not start is begun anew beside the others, which go on.
 */
import type { CountingClock } from "../time/clock.ts";
import { errorText } from "../errors.ts";
import type { AtSeat, FromWorker, InitMessage, ToWorker } from "./control.ts";
import { type HostSurroundings, ServiceHost, withBus } from "./service_host.ts";
import type { ServiceFactory } from "./service.ts";

/** Loads how a service is made; its configuration is of the right type, as the main worker checked. */
// deno-lint-ignore no-explicit-any
export type LoadFactory = () => Promise<ServiceFactory<any>>;

/** What is needed of the worker. */
export interface GroupSurroundings extends Omit<HostSurroundings, "say"> {
  say(message: AtSeat<FromWorker>): void;
  /** One service does not let go of what it holds: this worker is of no more use. */
  giveUp(error: Error): void;
}

/** So long may a service take to stop before it is begun anew, ms. */
export const LETS_GO_WITHIN_MS = 5000;

interface Seat {
  readonly service: string;
  /** Absent until it is loaded, and its former life is over. */
  host?: ServiceHost;
  /** What came before that. */
  readonly waiting: ToWorker[];
  readonly isOver: PromiseWithResolvers<void>;
}

/** See the file comment. */
export class GroupHost {
  readonly #seats = new Map<number, Seat>();

  constructor(
    private readonly factories: Readonly<Record<string, LoadFactory>>,
    private readonly surroundings: GroupSurroundings,
  ) {}

  /** What the main worker tells one of the services. */
  receive({ seat: id, message }: AtSeat<ToWorker>): void {
    if (message.kind === "init") return void this.#begin(id, message);
    const seat = this.#seats.get(id);
    if (!seat) return;
    if (seat.host) return seat.host.receive(message);
    // A slow start is no silent worker.
    if (message.kind === "ping") this.#say(id, { kind: "pong", seq: message.seq });
    else seat.waiting.push(message);
  }

  async #begin(id: number, init: InitMessage): Promise<void> {
    const { service } = init;
    const before = [...this.#seats.values()].filter((seat) => seat.service === service);
    const seat: Seat = { service, waiting: [init], isOver: Promise.withResolvers() };
    this.#seats.set(id, seat);
    try {
      const load = new Map(Object.entries(this.factories)).get(service);
      if (!load) throw new RangeError(`no service "${service}" may run in this worker`);
      const [create] = await Promise.all([
        load(),
        this.#waitFor(before, this.surroundings.clockOf(init.time)),
      ]);
      seat.host = new ServiceHost(withBus(create), {
        ...this.surroundings,
        say: (message) => this.#say(id, message),
      });
    } catch (error) {
      this.#over(id);
      return this.#say(id, { kind: "failed", text: errorText(error) });
    }
    for (const message of seat.waiting.splice(0)) seat.host.receive(message);
  }

  /** Its former lives must be over: they may hold its port or its files. */
  async #waitFor(before: readonly Seat[], clock: CountingClock): Promise<void> {
    if (before.length === 0) return;
    const limit = new AbortController();
    const [{ service } = { service: "" }] = before;
    const late = clock.sleep(LETS_GO_WITHIN_MS, limit.signal).then(() => true, () => false);
    const isLate =
      await Promise.race([Promise.all(before.map(({ isOver }) => isOver.promise)), late]) === true;
    limit.abort();
    if (!isLate) return;
    const error = new Error(`"${service}" does not stop, and holds up the worker that it shares`);
    this.surroundings.giveUp(error);
    throw error;
  }

  #say(id: number, message: FromWorker): void {
    if (message.kind === "stopped") this.#over(id);
    this.surroundings.say({ seat: id, message });
  }

  #over(id: number): void {
    this.#seats.get(id)?.isOver.resolve();
    this.#seats.delete(id);
  }
}
