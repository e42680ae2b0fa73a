/** The listener: who may connect, how many, for how long; everything that is said goes to the conversation. */
import type { Clock } from "../../lib/time/clock.ts";
import type { Logger } from "../../lib/log/log.ts";
import type { AddressList } from "./access/addresses.ts";
import { plainAddress } from "../../lib/text/plain_address.ts";
import type { NutLimits } from "./access/nut_house.ts";
import { type CloseReason, Connection, type ConnectionPort } from "./protocol/connection.ts";
import { AddressBook } from "./access/limits.ts";
import { placesFor, whoMakesRoom, whoOfMany } from "./access/room.ts";
import type { ServerCertificate } from "./access/tls.ts";

/** What the server does with what clients say. */
export interface Conversation {
  /** A new connection; returns its id. */
  open(address: string): number;
  line(id: number, words: readonly string[]): ReturnType<ConnectionPort["line"]>;
  startedTls(id: number): void;
  end(id: number): void;
}

/** What the server is given. */
export interface ServerOptions {
  readonly listenHost: string;
  /** 0: any free one. */
  readonly port: number;
  readonly allow: AddressList;
  readonly limits: NutLimits;
  readonly certificate?: ServerCertificate;
  readonly clock: Clock;
  readonly log: Logger;
  readonly conversation: Conversation;
}

/** See the file comment. */
export class NutListener {
  #listener: Deno.TcpListener | undefined;
  #cancelSweep: (() => void) | undefined;
  readonly #running = new Map<Connection, Promise<void>>();
  readonly #book: AddressBook;
  readonly #refused = new Map<string, number>();

  constructor(private readonly options: ServerOptions) {
    this.#book = new AddressBook(options.limits);
  }

  /** Begins to listen; returns the port. @throws Deno.errors.AddrInUse, AddrNotAvailable and the like */
  start(): number {
    const { listenHost, port, clock } = this.options;
    const listener = Deno.listen({ hostname: listenHost, port, transport: "tcp" });
    this.#listener = listener;
    this.#cancelSweep = clock.every(1000, () => this.#sweep());
    void this.#accept(listener);
    return listener.addr.port;
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
    for (const connection of this.#running.keys()) connection.close("server stops");
    await Promise.all(this.#running.values());
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    while (this.#listener === listener) {
      try {
        const conn = await listener.accept();
        this.#take(conn);
      } catch (error) {
        if (this.#listener !== listener) return;
        // A client that was gone before we looked costs the next one nothing.
        if (isOfOneClient(error)) {
          this.#count("gone before it was taken");
          continue;
        }
        // No file descriptor left, for example: the next may be better, but not at once.
        this.options.log.warn("CANNOT ACCEPT A CONNECTION", { error: String(error) });
        await this.options.clock.sleep(200);
      }
    }
  }

  #take(conn: Deno.TcpConn): void {
    const { clock, allow, limits, certificate, conversation } = this.options;
    const address = plainAddress(conn.remoteAddr.hostname);
    const refuse = (why: string) => {
      this.#countRefusal(why, address);
      conn.close();
    };
    if (!allow.has(address)) return refuse("not in allow");
    if (!this.#book.mayConnect(address, clock.monoMs())) return refuse("connects too often");
    const here = this.#open().filter((other) => other.address === address);
    if (!this.#makeRoom(here, limits.maxPerAddress, false)) {
      return refuse("too many connections from this address");
    }
    const all = this.#open();
    const isKept = this.#book.known.includes(address) && here.length === 0;
    if (!this.#makeRoom(all, placesFor(address, limits.maxConnections, this.#book.known, all), isKept)) {
      return refuse("too many connections");
    }
    const id = conversation.open(address);
    const connection = new Connection(address, conn, {
      clock,
      certificate,
      linesPerSec: limits.linesPerSec,
      failedLogins: limits.failedLogins,
      line: (words) => conversation.line(id, words),
      startedTls: () => {
        this.options.log.debug("CLIENT IN TLS", { address });
        conversation.startedTls(id);
      },
      loginDelayMs: () => this.#book.loginDelayMs(address),
      loggedIn: () => this.#book.noteLogin(address, clock.monoMs()),
      denied: () => this.#book.noteFailure(address, clock.monoMs()),
    });
    const ended = connection.run().then((reason) => this.#ended(connection, id, reason));
    this.#running.set(connection, ended);
  }

  #open(): Connection[] {
    return [...this.#running.keys()].filter(({ isClosed }) => !isClosed);
  }

  /** Whether one more fits; somebody makes room if need be. @param isKept It is from an address that is kept a place, and has none */
  #makeRoom(guests: readonly Connection[], limit: number, isKept: boolean): boolean {
    if (guests.length < limit) return true;
    const known = new Set(this.#book.known);
    const guest = whoMakesRoom(guests, (address) => known.has(address)) ??
      (isKept ? whoOfMany(guests) : undefined);
    guest?.close("makes room");
    return guest !== undefined;
  }

  #ended(connection: Connection, id: number, reason: CloseReason): void {
    this.#running.delete(connection);
    if (connection.isLoggedIn) this.#book.noteLogin(connection.address, this.options.clock.monoMs());
    this.options.conversation.end(id);
    this.options.log.debug("CLIENT GONE", { address: connection.address, reason });
  }

  #sweep(): void {
    const { clock, limits, log } = this.options;
    const nowMonoMs = clock.monoMs();
    for (const connection of this.#running.keys()) {
      const { writingSinceMonoMs, lastLineMonoMs } = connection;
      if (writingSinceMonoMs !== undefined && nowMonoMs - writingSinceMonoMs >= limits.writeSec * 1000) {
        connection.close("does not take answers");
      } else if (nowMonoMs - lastLineMonoMs >= limits.idleSec * 1000) connection.close("idle");
    }
    this.#book.forget(nowMonoMs);
    for (const [what, count] of this.#refused) log.warn("CLIENTS REFUSED", { what, count });
    this.#refused.clear();
  }

  /** Counted, and logged once a second: a flood must not fill the log. */
  #countRefusal(why: string, address: string): void {
    this.#count(this.#refused.size < 20 ? `${address}: ${why}` : why);
  }

  #count(what: string): void {
    this.#refused.set(what, (this.#refused.get(what) ?? 0) + 1);
  }
}

/** Whether a connection could not be taken for a reason of its own: reset, or closed, while it waited. */
function isOfOneClient(error: unknown): boolean {
  const { NotConnected, ConnectionReset, ConnectionAborted } = Deno.errors;
  return error instanceof NotConnected || error instanceof ConnectionReset ||
    error instanceof ConnectionAborted;
}
