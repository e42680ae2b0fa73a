/** From a request as `node:http` hands it over to the end of its answer; one after the other on a connection. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "../../../lib/log/log.ts";
import type { Client } from "./client.ts";
import { errorReply, type HttpReply, type HttpRequest } from "./message.ts";
import { readHead } from "./read_head.ts";
import { sendReply } from "./send_reply.ts";

/** What the exchanges are given. */
export interface ExchangeParts {
  readonly isTls: boolean;
  readonly log: Logger;
  /** Answers; what it throws is logged and answered with 500. */
  readonly handle: (request: HttpRequest) => HttpReply | Promise<HttpReply>;
}

/** No browser sends the next request before it has the answer; so many may wait all the same. */
const MAX_AHEAD = 8;

/** See the file comment. */
export class Exchanges {
  readonly #ahead = new WeakMap<Client, { count: number; turn: Promise<void> }>();

  constructor(private readonly parts: ExchangeParts) {}

  /** Answers when those before it are answered; a client that sends too many ahead is cut off. */
  add(request: IncomingMessage, response: ServerResponse, client: Client): void {
    const ahead = this.#ahead.get(client) ?? { count: 0, turn: Promise.resolve() };
    this.#ahead.set(client, ahead);
    if (ahead.count >= MAX_AHEAD) return client.cut();
    ahead.count++;
    ahead.turn = ahead.turn.then(() => this.#exchange(request, response, client)).catch((error) => {
      this.parts.log.error("REPLY FAILED", { error: String(error) });
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
    await client.answering(async () => {
      const reply = await this.#handle({ ...head, body, address: client.address, isTls: this.parts.isTls });
      await sendReply(reply, response, { client, isHead: method === "HEAD" });
    });
  }

  async #handle(request: HttpRequest): Promise<HttpReply> {
    try {
      return await this.parts.handle(request);
    } catch (error) {
      this.parts.log.error("REQUEST FAILED", { path: request.path.slice(0, 100), error: String(error) });
      return { status: 500 };
    }
  }
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
