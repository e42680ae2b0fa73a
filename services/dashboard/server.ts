/** The listener: how many clients, for how long; what they ask goes to the routes. */
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { HttpConnection, type HttpTimes } from "./http/connection.ts";
import type { HttpReply, HttpRequest } from "./http/message.ts";

/** How many connections there may be at a time. */
export interface ServerLimits {
  readonly connections: number;
  readonly perAddress: number;
}

/** What the server is given. */
export interface ServerOptions {
  /** An IP address of this machine. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Certificate with chain, and key, PEM; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly limits?: ServerLimits;
  readonly times?: HttpTimes;
  readonly clock: Clock;
  readonly log: Logger;
  /** Answers; what it throws is logged and answered with 500. */
  readonly handle: (request: HttpRequest) => HttpReply | Promise<HttpReply>;
}

const LIMITS: ServerLimits = { connections: 256, perAddress: 96 };
const TIMES: HttpTimes = { requestSec: 10, idleSec: 60, writeSec: 20 };

/** See the file comment. */
export class DashboardServer {
  #listener: Deno.Listener | undefined;
  #cancelSweep: (() => void) | undefined;
  #refused = 0;
  readonly #running = new Map<HttpConnection, Promise<void>>();

  constructor(private readonly options: ServerOptions) {}

  /** Begins to listen; returns the port. @throws Deno.errors.AddrInUse, AddrNotAvailable and the like */
  start(): number {
    const { host: hostname, port, tls, clock } = this.options;
    const listener = tls
      ? Deno.listenTls({ hostname, port, ...tls, alpnProtocols: ["http/1.1"] })
      : Deno.listen({ hostname, port });
    this.#listener = listener;
    this.#cancelSweep = clock.every(1000 * clock.speed, () => this.#sweep());
    void this.#accept(listener);
    return (listener.addr as Deno.NetAddr).port;
  }

  /** Connections now. */
  get size(): number {
    return this.#running.size;
  }

  /** Closes everything; resolves when all is closed. May be called twice. */
  async stop(): Promise<void> {
    this.#cancelSweep?.();
    this.#listener?.close();
    this.#listener = undefined;
    for (const connection of this.#running.keys()) connection.close();
    await Promise.all(this.#running.values());
  }

  async #accept(listener: Deno.Listener): Promise<void> {
    while (this.#listener === listener) {
      try {
        this.#take(await listener.accept());
      } catch (error) {
        if (this.#listener !== listener) return;
        // One bad connection, or no file descriptor left: the next may be better, but not at once.
        this.options.log.warn("CANNOT ACCEPT A CONNECTION", { error: String(error) });
        await this.options.clock.sleep(200);
      }
    }
  }

  #take(conn: Deno.Conn): void {
    const { clock, tls, times = TIMES, limits = LIMITS } = this.options;
    const address = plainAddress((conn.remoteAddr as Deno.NetAddr).hostname);
    const hasRoom = this.#makeRoom((other) => other.address === address, limits.perAddress) &&
      this.#makeRoom(() => true, limits.connections);
    if (!hasRoom) {
      this.#refused++;
      return conn.close();
    }
    const connection = new HttpConnection(address, conn, {
      clock,
      times,
      isTls: tls !== undefined,
      handle: (request) => this.#handle(request),
    });
    this.#running.set(connection, connection.run().then(() => void this.#running.delete(connection)));
  }

  async #handle(request: HttpRequest): Promise<HttpReply> {
    try {
      return await this.options.handle(request);
    } catch (error) {
      this.options.log.error("REQUEST FAILED", { path: request.path.slice(0, 100), error: String(error) });
      return { status: 500 };
    }
  }

  /** Whether one more fits; a connection between two requests makes room if need be. */
  #makeRoom(counts: (connection: HttpConnection) => boolean, limit: number): boolean {
    const counted = [...this.#running.keys()].filter((one) => !one.isClosed && counts(one));
    if (counted.length < limit) return true;
    const idle = counted.find(({ isBusy }) => !isBusy);
    idle?.close();
    return idle !== undefined;
  }

  #sweep(): void {
    const { clock, log } = this.options;
    for (const connection of this.#running.keys()) {
      if (clock.monoMs() >= connection.deadlineMonoMs) connection.close();
    }
    // Counted: a flood must not fill the log.
    if (this.#refused > 0) log.warn("CLIENTS REFUSED", { count: this.#refused, why: "too many connections" });
    this.#refused = 0;
  }
}

/** Without the prefix that an IPv4 peer has at a socket for both. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
