/** One client's connection: requests in, replies out, one after the other, each with a time limit. */
import type { Clock } from "../../../lib/clock.ts";
import { errorReply, type HttpReply, type HttpRequest } from "./message.ts";
import { HTTP_LIMITS, type HttpLimits, parseHead, type RequestHead } from "./parse_head.ts";
import { SlotQueue } from "./slot_queue.ts";

/** What a connection needs of a socket; `Deno.Conn` is one. */
export interface ByteStream {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** How long a client may take, seconds of real time. */
export interface HttpTimes {
  /** From a request's first byte to its last, and for a TLS handshake. */
  readonly requestSec: number;
  /** Between requests. */
  readonly idleSec: number;
  /** To take one piece of an answer. */
  readonly writeSec: number;
}

/** What the connection is given. */
export interface ConnectionParts {
  readonly clock: Clock;
  readonly times: HttpTimes;
  readonly limits?: HttpLimits;
  readonly isTls: boolean;
  /** Answers; must not throw. */
  readonly handle: (request: HttpRequest) => Promise<HttpReply>;
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: "OK",
  204: "No Content",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  417: "Expectation Failed",
  421: "Misdirected Request",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
};
const encoder = new TextEncoder();

/** See the file comment. */
export class HttpConnection {
  /** When it is cut off if nothing happens, on the clock that it was given. */
  deadlineMonoMs: number;
  /** Whether a request is being read, answered or streamed. */
  isBusy = false;
  /** Whether it is a stream of events. */
  isStream = false;
  #isClosed = false;
  #buffer = new Uint8Array(0);

  constructor(
    readonly address: string,
    readonly stream: ByteStream,
    private readonly parts: ConnectionParts,
  ) {
    this.deadlineMonoMs = this.#in(parts.times.requestSec);
  }

  /** Serves until the client goes or is cut off; never rejects. */
  async run(): Promise<void> {
    try {
      while (!this.#isClosed && await this.#serveOne());
    } catch {
      // The client is gone, or was cut off while something was read or written.
    } finally {
      this.close();
    }
  }

  /** Whether it is cut off already. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Cuts it off; may be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.stream.close();
    } catch {
      // Closed from the other side.
    }
  }

  /** @returns whether another request may come */
  async #serveOne(): Promise<boolean> {
    const reading = await this.#readHead();
    if (reading === undefined) return false;
    if ("status" in reading) {
      await this.#write(errorReply(reading.status, reading.why), { keepsAlive: false, isHead: false });
      return false;
    }
    const body = await this.#take(reading.bodyBytes);
    if (!body) return false;
    this.deadlineMonoMs = Infinity;
    const { method, path, query, headers, keepsAlive } = reading;
    const { address, parts: { isTls } } = this;
    const reply = await this.parts.handle({ method, path, query, headers, body, address, isTls });
    if (reply.stream) {
      await this.#stream(reply, reply.stream);
      return false;
    }
    await this.#write(reply, { keepsAlive, isHead: method === "HEAD" });
    this.isBusy = false;
    this.deadlineMonoMs = this.#in(this.parts.times.idleSec);
    return keepsAlive;
  }

  async #readHead(): Promise<RequestHead | { readonly status: number; readonly why: string } | undefined> {
    for (;;) {
      if (this.#buffer.length > 0) {
        const reading = parseHead(this.#buffer, this.parts.limits ?? HTTP_LIMITS);
        if (reading.kind === "refused") return reading;
        if (reading.kind === "head") {
          this.#buffer = this.#buffer.slice(reading.bytes);
          return reading.head;
        }
      }
      if (!await this.#readMore()) return undefined;
    }
  }

  async #take(bytes: number): Promise<Uint8Array | undefined> {
    while (this.#buffer.length < bytes) if (!await this.#readMore()) return undefined;
    const taken = this.#buffer.slice(0, bytes);
    this.#buffer = this.#buffer.slice(bytes);
    return taken;
  }

  async #readMore(): Promise<boolean> {
    const chunk = new Uint8Array(4096);
    const count = await this.stream.read(chunk);
    if (count === null) return false;
    if (!this.isBusy) {
      this.isBusy = true;
      this.deadlineMonoMs = this.#in(this.parts.times.requestSec);
    }
    const joined = new Uint8Array(this.#buffer.length + count);
    joined.set(this.#buffer);
    joined.set(chunk.subarray(0, count), this.#buffer.length);
    this.#buffer = joined;
    return true;
  }

  async #write(
    { status, headers = {}, body = "" }: HttpReply,
    { keepsAlive, isHead }: { keepsAlive: boolean; isHead: boolean },
  ): Promise<void> {
    const bytes = typeof body === "string" ? encoder.encode(body) : body;
    const length: Record<string, string> = status === 204 || status === 304
      ? {}
      : { "content-length": String(bytes.length) };
    const head = headText(status, { ...headers, ...length, connection: keepsAlive ? "keep-alive" : "close" });
    await this.#send(encoder.encode(head));
    if (!isHead && bytes.length > 0) await this.#send(bytes);
  }

  async #stream(
    { status, headers = {} }: HttpReply,
    open: NonNullable<HttpReply["stream"]>,
  ): Promise<void> {
    this.isStream = true;
    await this.#send(encoder.encode(headText(status, { ...headers, connection: "close" })));
    const queue = new SlotQueue();
    let isWriting = false;
    const flush = async () => {
      isWriting = true;
      try {
        for (let text = queue.take(); text !== undefined; text = queue.take()) {
          await this.#send(encoder.encode(text));
        }
      } catch {
        this.close();
      } finally {
        isWriting = false;
      }
    };
    const end = open({
      send: (text, slot) => {
        if (this.#isClosed) return;
        if (!queue.add(text, slot)) return this.close();
        if (!isWriting) void flush();
      },
      close: () => this.close(),
    });
    try {
      // The client has nothing more to say; what counts is that it ends.
      const chunk = new Uint8Array(256);
      while (!this.#isClosed && await this.stream.read(chunk) !== null);
    } finally {
      end();
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      this.deadlineMonoMs = this.#in(this.parts.times.writeSec);
      sent += await this.stream.write(bytes.subarray(sent));
    }
    this.deadlineMonoMs = Infinity;
  }

  /** The clock may run faster than life; clients do not. */
  #in(seconds: number): number {
    const { clock } = this.parts;
    return clock.monoMs() + seconds * 1000 * clock.speed;
  }
}

function headText(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? "Status"}\r\n${lines.join("")}\r\n`;
}
