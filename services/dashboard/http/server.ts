/** The listener: `node:http` with our limits. Who gets a place is the crowd's part, the answers are the exchanges'. */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Clock } from "../../../lib/time/clock.ts";
import type { Logger } from "../../../lib/log/log.ts";
import { cannotListenText } from "../../../lib/text/cannot_listen.ts";
import type { Client, HttpTimes } from "./client.ts";
import { Crowd, type ServerLimits } from "./crowd.ts";
import { Exchanges } from "./exchange.ts";
import { ListenerWatch, type WatchTimes } from "./listener_watch.ts";
import type { HttpReply, HttpRequest } from "./message.ts";
import { HTTP_LIMITS, parserRefusal } from "./read_head.ts";
import { own } from "../../../lib/own.ts";

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

/** See the file comment. */
export class DashboardServer {
  #server: Server | undefined;
  #port = 0;
  #cancelSweep: (() => void) | undefined;
  readonly #watch: ListenerWatch;
  readonly #crowd: Crowd;
  readonly #exchanges: Exchanges;

  constructor(private readonly options: ServerOptions) {
    const { clock, log, handle, watch, tls, limits = LIMITS, times = TIMES, hasLogin = () => false } =
      options;
    this.#watch = new ListenerWatch(clock, watch);
    this.#crowd = new Crowd({ limits, times, clock, log, hasLogin });
    this.#exchanges = new Exchanges({ isTls: tls !== undefined, log, handle });
  }

  /** Begins to listen; resolves to the port, rejects when the address cannot be had. */
  start(): Promise<number> {
    const { host, port, clock, log } = this.options;
    const server = this.#createServer();
    this.#server = server;
    this.#cancelSweep = clock.every(1000, () => this.#sweep());
    return new Promise((resolve, reject) => {
      const refuse = (cause: Error) => {
        const keys = { address: "DASHBOARD_LISTEN", port: "DASHBOARD_LISTEN" };
        reject(new Error(cannotListenText({ what: "the dashboard", host, port, keys }, cause), { cause }));
      };
      server.once("error", refuse);
      server.listen(port, host, () => {
        server.off("error", refuse);
        server.on("error", (error: Error) => log.warn("CANNOT LISTEN", { error: String(error) }));
        this.#port = (server.address() as AddressInfo).port;
        resolve(this.#port);
      });
    });
  }

  /** Connections now. */
  get size(): number {
    return this.#crowd.size;
  }

  /** Closes everything; resolves when all is closed. May be called twice. */
  async stop(): Promise<void> {
    this.#cancelSweep?.();
    this.#watch.stop();
    const server = this.#server;
    this.#server = undefined;
    this.#crowd.cutAll();
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }

  #createServer(): Server {
    const { tls, times = TIMES, limits = LIMITS } = this.options;
    const settings = {
      headersTimeout: times.headSec * 1000,
      requestTimeout: times.requestSec * 1000,
      keepAliveTimeout: times.idleSec * 1000,
      connectionsCheckingInterval: 500,
      maxHeaderSize: HTTP_LIMITS.headBytes,
      // A missing Host is refused by the router, with a sentence.
      requireHostHeader: false,
    };
    const tlsSettings = { ...tls, ALPNProtocols: ["http/1.1"], handshakeTimeout: times.headSec * 1000 };
    const server = tls ? createTlsServer({ ...settings, ...tlsSettings }) : createServer(settings);
    server.maxConnections = limits.connections + CLOSING;
    server.on("connection", (socket: Socket) => {
      this.#watch.heard();
      this.#crowd.take(socket);
    });
    server.on("drop", () => this.#crowd.noteRefused());
    server.on(
      "clientError",
      (error: NodeJS.ErrnoException, socket: Socket) => this.#refuse(error.code, socket),
    );
    server.on("tlsClientError", (_error: Error, socket: Socket) => void socket.destroy());
    server.on("connect", (_request: IncomingMessage, socket: Socket) => this.#refuse(undefined, socket));
    const onRequest = (request: IncomingMessage, response: ServerResponse) => {
      const client = this.#crowd.find(request.socket) ?? this.#takeLate(request.socket);
      if (client) this.#exchanges.add(request, response, client);
      else request.socket.destroy();
    };
    // With Expect: the refusal is ours, too.
    return server.on("request", onRequest).on("checkContinue", onRequest).on("checkExpectation", onRequest);
  }

  /** Runtimes before Deno 2.9 tell of a connection with its first request only, and have no limits before it. */
  #takeLate(socket: Socket): Client | undefined {
    if (this.#watch.hasHeard) return undefined;
    if (this.#crowd.size === 0) {
      this.options.log.warn("NO LIMITS FOR SLOW CLIENTS: this program was built with a Deno before 2.9");
    }
    return this.#crowd.take(socket);
  }

  /** What the parser would not read. */
  #refuse(code: string | undefined, socket: Socket): void {
    // Whoever says nothing for long is told nothing; and an answer that is under way is not mixed with another.
    const isSilent = code === "ERR_HTTP_REQUEST_TIMEOUT";
    if (isSilent || !this.#crowd.find(socket)?.isIdle || !socket.writable) return void socket.destroy();
    const { status, why } = parserRefusal(code);
    const body = JSON.stringify({ error: why });
    const head = `HTTP/1.1 ${status} ${own(STATUS_CODES, status)}\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\n` +
      `x-content-type-options: nosniff\r\nconnection: close\r\n\r\n`;
    socket.end(head + body, () => socket.destroy());
  }

  #sweep(): void {
    if (this.#watch.isDeaf(this.options.host, this.#port)) {
      this.options.log.warn("LISTENER TOOK NO CONNECTIONS: opened anew", { port: this.#port });
      // Those that are open stay.
      this.#server?.close();
      this.#server?.listen(this.#port, this.options.host);
    }
    this.#crowd.sweep();
  }
}
