/**
 * Keeps the services running: one worker each, restarted when it fails, the whole process ended when one falls
 * silent, everything stopped in order. Knows nothing about what the services do.
 */
import { Backoff, type Random } from "../time/backoff.ts";
import type { TopicCapability } from "./bus.ts";
import type { Cancel, Clock } from "../time/clock.ts";
import type { FromWorker, InitMessage, ToWorker } from "./control.ts";
import type { HealthCondition } from "../health.ts";
import type { Logger } from "../log/log.ts";

/** One service to supervise. */
export interface SupervisedService {
  readonly name: string;
  /** READY waits for it, and the watchdog is fed only while it is well. */
  readonly required: boolean;
  readonly capability: TopicCapability;
  /** The first message, without the port. */
  readonly init: Omit<InitMessage, "busPort">;
  /** Makes a fresh worker with the service's permissions, or a place in one that it shares. */
  spawn(): WorkerHandle;
}

/** A running worker. */
export interface WorkerHandle<To = ToWorker, From = FromWorker> {
  post(message: To, transfer?: Transferable[]): void;
  onMessage(handle: (message: From) => void): void;
  /** An uncaught error ended the worker. */
  onError(handle: (text: string) => void): void;
  terminate(): void;
}

/** What the supervisor shows of a service. */
export interface ServiceView {
  readonly state: "starting" | "ready" | "restarting" | "stopped";
  /** Times that it was started again since the process began. */
  readonly restarts: number;
  readonly problems: readonly HealthCondition[];
}

/**
 * How often each worker is asked whether it is alive, ms: twice before its silence counts. Each question wakes two threads, and in a
 * quiet house nothing else does.
 */
const PING_EVERY_MS = 8000;
/** A round of questions that is so late was held up itself, ms. */
const OVERSLEPT_MS = 4000;

/** Times, in real ms, and what to do. */
export interface SupervisorOptions {
  /** The service that holds the broker connection; all others get a port to it. */
  readonly linkName: string;
  readonly services: readonly SupervisedService[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  /** How often each worker is asked whether it is alive; {@link PING_EVERY_MS} when absent. */
  readonly pingEveryMs?: number;
  /** Silence after which a worker cannot be trusted any more; 15,000 ms when absent. */
  readonly silentAfterMs?: number;
  /** A worker has fallen silent: the process must end. */
  onSilent(service: string): void;
  /** Some view changed. */
  onChange(): void;
}

const RESTART = { firstMs: 500, maxMs: 30_000 };
/** A service that ran this long is well again: the next failure begins with the shortest wait. */
const SETTLED_MS = 60_000;
/**
 * A worker that has never spoken may still be loading, from a slow card on a slow machine: so long after the last step of the
 * start, of whichever worker. systemd waits as long (`tell_systemd.ts`).
 */
export const LOADS_WITHIN_MS = 75_000;
/** Time to stop: 2.5 s for all services together, then 1.5 s for the broker link, so 4 s in all. */
const STOP_SERVICES_MS = 2500;
const STOP_LINK_MS = 1500;

interface Entry {
  readonly service: SupervisedService;
  readonly backoff: Backoff;
  worker: WorkerHandle | undefined;
  state: ServiceView["state"];
  restarts: number;
  problems: readonly HealthCondition[];
  heardMonoMs: number;
  /** Whether the present worker has said anything yet. */
  hasSpoken: boolean;
  /** Times that it failed since it was well. */
  failures: number;
  /** Since when it is ready; of no meaning while it is not. */
  readyMonoMs: number;
  /** Since when it is not ready; of no meaning while it is. */
  absentMonoMs: number;
  startedMonoMs: number;
  cancelRestart: Cancel;
  onStopped: () => void;
}

/** See the file comment. */
export class Supervisor {
  readonly #entries: readonly Entry[];
  readonly #pingEveryMs: number;
  readonly #silentAfterMs: number;
  /** The last step of the start: a worker's first word, or that it is ready. Starting again is none: that may go on for ever. */
  #stepMonoMs = 0;
  /** When a service was last seen loading. */
  #loadingMonoMs = -Infinity;
  #cancelPing: Cancel = () => {};
  #lastPingMonoMs = 0;
  #seq = 0;
  #stopping = false;

  constructor(private readonly options: SupervisorOptions) {
    this.#pingEveryMs = options.pingEveryMs ?? PING_EVERY_MS;
    this.#silentAfterMs = options.silentAfterMs ?? 15_000;
    this.#entries = options.services.map((service) => ({
      service,
      backoff: new Backoff(RESTART, options.random),
      worker: undefined,
      state: "starting",
      restarts: 0,
      problems: [],
      heardMonoMs: 0,
      hasSpoken: false,
      failures: 0,
      readyMonoMs: 0,
      absentMonoMs: 0,
      startedMonoMs: 0,
      cancelRestart: () => {},
      onStopped: () => {},
    }));
  }

  /** Starts every service, the broker link first. */
  start(): void {
    const { clock } = this.options;
    const link = this.#link();
    this.#stepMonoMs = clock.monoMs();
    for (const entry of this.#entries) entry.absentMonoMs = this.#stepMonoMs;
    this.#spawn(link);
    for (const entry of this.#entries) if (entry !== link) this.#spawn(entry);
    this.#lastPingMonoMs = clock.monoMs();
    this.#cancelPing = clock.every(this.#pingEveryMs, () => this.#ping());
  }

  /** The present view of every service, by name. */
  views(): Readonly<Record<string, ServiceView>> {
    return Object.fromEntries(
      this.#entries.map((
        { service, state, restarts, problems },
      ) => [service.name, { state, restarts, problems }]),
    );
  }

  /** Whether every required service is ready. */
  get ready(): boolean {
    return this.#entries.every(({ service, state }) => !service.required || state === "ready");
  }

  /** Whether every required service is ready, or will be as it seems: it loads, and has failed no more than once since it was well. */
  get getsOn(): boolean {
    const now = this.options.clock.monoMs();
    return this.#entries.every(({ service, state, failures, absentMonoMs }) =>
      !service.required || state === "ready" ||
      failures <= 1 && now - Math.max(absentMonoMs, this.#stepMonoMs) <= LOADS_WITHIN_MS
    );
  }

  /** Hands the daemon's status to the broker link, which keeps it as the retained presence. */
  setPresence(payload: string): void {
    this.#link().worker?.post({ kind: "presence", payload });
  }

  /** Stops the services, then the broker link, each with a bounded time, then ends what is left. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#cancelPing();
    const link = this.#link();
    const others = this.#entries.filter((entry) => entry !== link);
    await this.#stopAll(others, STOP_SERVICES_MS);
    await this.#stopAll([link], STOP_LINK_MS);
  }

  async #stopAll(entries: readonly Entry[], withinMs: number): Promise<void> {
    const { clock, log } = this.options;
    const limit = new AbortController();
    const stopped = entries.map((entry) => {
      entry.cancelRestart();
      const { worker } = entry;
      if (!worker) return Promise.resolve();
      return new Promise<void>((resolve) => {
        entry.onStopped = resolve;
        worker.post({ kind: "stop" });
      });
    });
    await Promise.race([
      Promise.all(stopped),
      clock.sleep(withinMs, limit.signal).catch(() => {}),
    ]);
    limit.abort();
    for (const entry of entries) {
      if (entry.worker && entry.state !== "stopped") {
        log.warn("SERVICE DID NOT STOP IN TIME", { service: entry.service.name, within_ms: withinMs });
      }
      entry.worker?.terminate();
      entry.worker = undefined;
      entry.state = "stopped";
    }
  }

  #link(): Entry {
    const link = this.#entries.find(({ service }) => service.name === this.options.linkName);
    if (!link) throw new Error(`Cannot supervise: no service is named "${this.options.linkName}"`);
    return link;
  }

  #spawn(entry: Entry): void {
    const { service } = entry;
    const now = this.options.clock.monoMs();
    entry.heardMonoMs = now;
    entry.hasSpoken = false;
    entry.startedMonoMs = now;
    const worker = service.spawn();
    entry.worker = worker;
    worker.onMessage((message) => entry.worker === worker && this.#receive(entry, message));
    worker.onError((text) => entry.worker === worker && this.#fail(entry, text));
    if (entry === this.#link()) {
      worker.post(service.init);
      // Services that outlived the former broker link get a way to the new one.
      for (const other of this.#entries) {
        if (other !== entry && other.worker) this.#connect(other, other.worker);
      }
    } else {
      const busPort = this.#attach(entry);
      worker.post({ ...service.init, busPort }, [busPort]);
    }
  }

  /** Makes a channel, gives one end to the broker link and returns the service's end. */
  #attach({ service }: Entry): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#link().worker?.post({ kind: "attach", capability: service.capability, port: port1 }, [port1]);
    return port2;
  }

  #connect(entry: Entry, worker: WorkerHandle): void {
    const port = this.#attach(entry);
    worker.post({ kind: "bus", port }, [port]);
  }

  #receive(entry: Entry, message: FromWorker): void {
    const now = this.options.clock.monoMs();
    if (entry.restarts === 0 && (!entry.hasSpoken || message.kind === "ready")) this.#stepMonoMs = now;
    entry.heardMonoMs = now;
    entry.hasSpoken = true;
    switch (message.kind) {
      case "ready":
        entry.state = "ready";
        entry.readyMonoMs = now;
        // What the others did not say while it loaded does not count.
        this.#loadingMonoMs = now;
        this.options.log.info("SERVICE READY", { service: entry.service.name });
        return this.options.onChange();
      case "pong":
        return;
      case "health": {
        const changed = JSON.stringify(message.problems) !== JSON.stringify(entry.problems);
        entry.problems = message.problems;
        if (changed) this.options.onChange();
        return;
      }
      case "failed":
        return this.#fail(entry, message.text);
      case "stopped":
        entry.state = "stopped";
        return entry.onStopped();
    }
  }

  #fail(entry: Entry, text: string): void {
    entry.worker?.terminate();
    entry.worker = undefined;
    entry.problems = [];
    if (this.#stopping) {
      entry.state = "stopped";
      return entry.onStopped();
    }
    this.#link().worker?.post({ kind: "detach", service: entry.service.name });
    const now = this.options.clock.monoMs();
    if (now - entry.startedMonoMs >= SETTLED_MS) entry.backoff.reset();
    const waitMs = entry.backoff.nextMs();
    if (entry.state === "ready") {
      entry.absentMonoMs = now;
      // One that fails as soon as it is ready, time and again, is not well in between.
      if (now - entry.readyMonoMs >= SETTLED_MS) entry.failures = 0;
    }
    entry.failures++;
    entry.state = "restarting";
    entry.restarts++;
    this.options.log.error("SERVICE FAILED", {
      service: entry.service.name,
      reason: text,
      restarts: entry.restarts,
      restart_in_ms: waitMs,
    });
    entry.cancelRestart = this.options.clock.after(waitMs, () => this.#spawn(entry));
    this.options.onChange();
  }

  #ping(): void {
    const now = this.options.clock.monoMs();
    // After a suspended machine or a frozen process our own tick is late, and nobody could have answered.
    const overslept = now - this.#lastPingMonoMs > this.#pingEveryMs + OVERSLEPT_MS;
    this.#lastPingMonoMs = now;
    // Workers that load take the processor from the others: on a slow machine that was an endless circle of starts.
    const isLoading = this.#entries.some(({ worker, state, startedMonoMs }) =>
      worker && state !== "ready" && now - Math.max(startedMonoMs, this.#stepMonoMs) <= LOADS_WITHIN_MS
    );
    if (isLoading) this.#loadingMonoMs = now;
    const loadMs = Math.max(LOADS_WITHIN_MS, this.#silentAfterMs);
    for (const entry of this.#entries) {
      if (!entry.worker) continue;
      if (overslept) entry.heardMonoMs = now;
      // What it did not say while others loaded does not count once they are there.
      const isSilent = entry.hasSpoken && !isLoading
        ? now - Math.max(entry.heardMonoMs, this.#loadingMonoMs) > this.#silentAfterMs
        : now - Math.max(entry.heardMonoMs, this.#stepMonoMs) > loadMs;
      if (isSilent) return this.options.onSilent(entry.service.name);
      entry.worker.post({ kind: "ping", seq: this.#seq++ });
    }
  }
}
