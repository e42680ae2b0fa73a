/** The clients that are connected: who comes in, who makes room, who has had time enough. */
import type { Socket } from "node:net";
import type { Clock } from "../../../lib/time/clock.ts";
import type { Logger } from "../../../lib/log/log.ts";
import { Client, type HttpTimes } from "./client.ts";
import { networkOf } from "./network.ts";
import { plainAddress } from "../../../lib/text/plain_address.ts";
import { findRoom } from "./places.ts";

/** How many connections there may be at a time. */
export interface ServerLimits {
  readonly connections: number;
  /** Of one network, see `networkOf`. */
  readonly perAddress: number;
}

/** What the crowd is given. */
export interface CrowdParts {
  readonly limits: ServerLimits;
  readonly times: HttpTimes;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether somebody from this network is logged in: then places are kept for it. */
  readonly hasLogin: (network: string) => boolean;
}

/** A flood must not fill the log. */
const REPORT_EVERY_MS = 60_000;

/** See the file comment. */
export class Crowd {
  /** By the peer's address and port: a request's socket in TLS is not the one that was accepted. The oldest first. */
  readonly #clients = new Map<string, Client>();
  #refused = 0;
  #displaced = 0;
  #reportedMonoMs = -Infinity;

  constructor(private readonly parts: CrowdParts) {}

  /** Connections now. */
  get size(): number {
    return this.#clients.size;
  }

  /** The client at the other end; undefined when it has lost its place. */
  find(socket: Socket): Client | undefined {
    return this.#clients.get(nameOf(socket));
  }

  /** Gives a connection a place; undefined when it gets none, and is closed. */
  take(socket: Socket): Client | undefined {
    // Gone already.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    const { limits, clock, hasLogin } = this.parts;
    const name = nameOf(socket);
    const address = plainAddress(socket.remoteAddress);
    const network = networkOf(address);
    const places = { total: limits.connections, perNetwork: limits.perAddress };
    const room = findRoom(network, [...this.#clients.values()], hasLogin, places);
    if (room.kind === "none") {
      this.noteRefused();
      return void socket.destroy();
    }
    if (room.kind === "displace") {
      this.#displaced++;
      this.#drop(room.who);
    }
    const client = new Client(address, network, socket, clock);
    this.#clients.set(name, client);
    socket.once("close", () => {
      if (this.#clients.get(name) === client) this.#clients.delete(name);
    });
    return client;
  }

  /** One more was refused. */
  noteRefused(): void {
    this.#refused++;
  }

  /** To be called every second: cuts off whoever had time enough, and tells of a crowd. */
  sweep(): void {
    const { clock, log, times } = this.parts;
    for (const client of this.#clients.values()) if (client.isOverdue(times)) this.#drop(client);
    if (this.#refused + this.#displaced === 0) return;
    if (clock.monoMs() - this.#reportedMonoMs < REPORT_EVERY_MS) return;
    log.warn("TOO MANY CONNECTIONS", { refused: this.#refused, made_room: this.#displaced });
    this.#refused = this.#displaced = 0;
    this.#reportedMonoMs = clock.monoMs();
  }

  /** Cuts everybody off. */
  cutAll(): void {
    for (const client of this.#clients.values()) client.cut();
  }

  /** Its place is free at once. */
  #drop(client: Client): void {
    for (const [name, one] of this.#clients) if (one === client) this.#clients.delete(name);
    client.cut();
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
