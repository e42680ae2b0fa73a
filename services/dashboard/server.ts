/** The listener: how many clients, for how long; what they ask goes to the routes. */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { Client, type HttpTimes } from "./http/client.ts";
import { ListenerWatch, type WatchTimes } from "./http/listener_watch.ts";
import { errorReply, type HttpReply, type HttpRequest } from "./http/message.ts";
import { HTTP_LIMITS, parserRefusal, readHead } from "./http/read_head.ts";
import { sendReply } from "./http/send_reply.ts";
import { networkOf, plainAddress } from "./network.ts";
import { findRoom } from "./places.ts";

/** How many connections there may be at a time. */
export interface ServerLimits {
  readonly connections: number;
  /** Of one network, see `networkOf`. */
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
  readonly watch?: WatchTimes;
  /** In real time, whatever the house's clock does: clients live in it, and so does `node:http`. */
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether somebody from this network is logged in: then places are kept for it. Absent: nobody is. */
  readonly hasLogin?: (network: string) => boolean;
  /** Answers; what it throws is logged and answered with 500. */
  readonly handle: (request: HttpRequest) => HttpReply | Promise<HttpReply>;
}

const LIMITS: ServerLimits = { connections: 256, perAddress: 96 };
const TIMES: HttpTimes = { headSec: 3, requestSec: 5, idleSec: 3, writeSec: 20 };
/** Connections that are being closed still count for `node:http`: it must not refuse whom we make room for. */
const CLOSING = 64;
/** No browser sends the next request before it has the answer; so many may wait all the same. */
const MAX_AHEAD = 8;
/** A flood must not fill the log. */
const REPORT_EVERY_MS = 60_000;

/** See the file comment. */
export class DashboardServer {
  #server: Server | undefined;
  #port = 0;
  #cancelSweep: (() => void) | undefined;
  #crowded = { refused: 0, displaced: 0, reportedMonoMs: -Infinity };
  /** By the peer's address and port: a request's socket in TLS is not the one that was accepted. The oldest first. */
  readonly #clients = new Map<string, Client>();
  readonly #ahead = new WeakMap<Client, { count: number; turn: Promise<void> }>();

  readonly #watch: ListenerWatch;

  constructor(private readonly options: ServerOptions) {
    this.#watch = new ListenerWatch(options.clock, options.watch);
  }

  /** Begins to listen; resolves to the port, rejects when the address cannot be had. */
  start(): Promise<number> {
    const { host, port, clock, log } = this.options;
    const server = this.#createServer();
    this.#server = server;
    server.maxConnections = (this.options.limits ?? LIMITS).connections + CLOSING;
    server.on("connection", (socket: Socket) => void this.#take(socket));
    server.on(
      "clientError",
      (error: NodeJS.ErrnoException, socket: Socket) => this.#refuse(error.code, socket),
    );
    server.on("tlsClientError", (_error: Error, socket: Socket) => void socket.destroy());
    server.on("connect", (_request: IncomingMessage, socket: Socket) => this.#refuse(undefined, socket));
    server.on("drop", () => void this.#crowded.refused++);
    const onRequest = (request: IncomingMessage, response: ServerResponse) =>
      void this.#queue(request, response);
    // With Expect: the refusal is ours, too.
    server.on("request", onRequest).on("checkContinue", onRequest).on("checkExpectation", onRequest);
    this.#cancelSweep = clock.every(1000, () => this.#sweep());
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        server.on(
          "error",
          (error: Error) => log.warn("CANNOT LISTEN", { error: String(error) }),
        );
        this.#port = (server.address() as AddressInfo).port;
        resolve(this.#port);
      });
    });
  }

  /** Connections now. */
  get size(): number {
    return this.#clients.size;
  }

  /** Closes everything; resolves when all is closed. May be called twice. */
  async stop(): Promise<void> {
    this.#cancelSweep?.();
    this.#watch.stop();
    const server = this.#server;
    this.#server = undefined;
    for (const client of this.#clients.values()) client.cut();
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }

  #createServer(): Server {
    const { tls, times = TIMES } = this.options;
    const settings = {
      headersTimeout: times.headSec * 1000,
      requestTimeout: times.requestSec * 1000,
      keepAliveTimeout: times.idleSec * 1000,
      connectionsCheckingInterval: 500,
      maxHeaderSize: HTTP_LIMITS.headBytes,
      // A missing Host is refused by the router, with a sentence.
      requireHostHeader: false,
    };
    return tls
      ? createTlsServer({
        ...settings,
        ...tls,
        ALPNProtocols: ["http/1.1"],
        handshakeTimeout: times.headSec * 1000,
      })
      : createServer(settings);
  }

  #take(socket: Socket): Client | undefined {
    const { clock, limits = LIMITS, hasLogin = () => false } = this.options;
    this.#watch.heard();
    // Gone already.
    if (socket.remoteAddress === undefined) return void socket.destroy();
    const name = nameOf(socket);
    const address = plainAddress(socket.remoteAddress);
    const network = networkOf(address);
    const places = { total: limits.connections, perNetwork: limits.perAddress };
    const room = findRoom(network, [...this.#clients.values()], hasLogin, places);
    if (room.kind === "none") {
      this.#crowded.refused++;
      return void socket.destroy();
    }
    if (room.kind === "displace") {
      this.#crowded.displaced++;
      this.#drop(room.who);
    }
    const client = new Client(address, network, socket, clock);
    this.#clients.set(name, client);
    socket.once("close", () => {
      if (this.#clients.get(name) === client) this.#clients.delete(name);
    });
    return client;
  }

  /** Its place is free at once. */
  #drop(client: Client): void {
    for (const [name, one] of this.#clients) if (one === client) this.#clients.delete(name);
    client.cut();
  }

  /** One after the other, as they came. */
  #queue(request: IncomingMessage, response: ServerResponse): void {
    const client = this.#clients.get(nameOf(request.socket));
    if (!client) return void request.socket.destroy();
    const ahead = this.#ahead.get(client) ?? { count: 0, turn: Promise.resolve() };
    this.#ahead.set(client, ahead);
    if (ahead.count >= MAX_AHEAD) return client.cut();
    ahead.count++;
    ahead.turn = ahead.turn.then(() => this.#exchange(request, response, client)).catch((error) => {
      this.options.log.error("REPLY FAILED", { error: String(error) });
      client.cut();
    }).finally(() => void ahead.count--);
  }

  async #exchange(request: IncomingMessage, response: ServerResponse, client: Client): Promise<void> {
    const { method = "", url: target = "", rawHeaders } = request;
    const head = readHead({ method, target, rawHeaders });
    if ("status" in head) {
      const reply = errorReply(head.status, head.why, { connection: "close" });
      return await client.answering(() => sendReply(reply, response, { client, isHead: false }));
    }
    const body = await readBody(request);
    if (!body) return;
    const isTls = this.options.tls !== undefined;
    await client.answering(async () => {
      const reply = await this.#handle({ ...head, body, address: client.address, isTls });
      await sendReply(reply, response, { client, isHead: method === "HEAD" });
    });
  }

  async #handle(request: HttpRequest): Promise<HttpReply> {
    try {
      return await this.options.handle(request);
    } catch (error) {
      this.options.log.error("REQUEST FAILED", { path: request.path.slice(0, 100), error: String(error) });
      return { status: 500 };
    }
  }

  /** What the parser would not read. */
  #refuse(code: string | undefined, socket: Socket): void {
    const client = this.#clients.get(nameOf(socket));
    // Whoever says nothing for long is told nothing; and an answer that is under way is not mixed with another.
    const isSilent = code === "ERR_HTTP_REQUEST_TIMEOUT";
    if (isSilent || !client?.isIdle || !socket.writable) return void socket.destroy();
    const { status, why } = parserRefusal(code);
    const body = JSON.stringify({ error: why });
    const head =
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${body.length}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n`;
    socket.end(head + body, () => socket.destroy());
  }

  #sweep(): void {
    const { clock, log, host, times = TIMES } = this.options;
    if (this.#watch.isDeaf(host, this.#port)) {
      log.warn("LISTENER TOOK NO CONNECTIONS: opened anew", { port: this.#port });
      // Those that are open stay.
      this.#server?.close();
      this.#server?.listen(this.#port, host);
    }
    for (const client of this.#clients.values()) if (client.isOverdue(times)) this.#drop(client);
    const { refused, displaced, reportedMonoMs } = this.#crowded;
    const nowMonoMs = clock.monoMs();
    if (refused + displaced === 0 || nowMonoMs - reportedMonoMs < REPORT_EVERY_MS) return;
    log.warn("TOO MANY CONNECTIONS", { refused, made_room: displaced });
    this.#crowded = { refused: 0, displaced: 0, reportedMonoMs: nowMonoMs };
  }
}

function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Undefined when the client is gone before its end. */
async function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of request) pieces.push(piece);
  } catch {
    return undefined;
  }
  const body = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    body.set(piece, at);
    at += piece.length;
  }
  return body;
}
