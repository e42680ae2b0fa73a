/** Sends a reply, piece by piece, as fast as the client takes it. */
import type { ServerResponse } from "node:http";
import type { Client } from "./client.ts";
import type { HttpReply } from "./message.ts";
import { SlotQueue } from "./slot_queue.ts";

const PIECE_BYTES = 64 * 1024;
const encoder = new TextEncoder();

/** Resolves when the client has taken all of it, or is gone. */
export async function sendReply(
  reply: HttpReply,
  response: ServerResponse,
  { client, isHead }: { client: Client; isHead: boolean },
): Promise<void> {
  const { status, headers = {}, body = "" } = reply;
  if (reply.stream) {
    response.writeHead(status, { ...headers, connection: "close" });
    response.flushHeaders();
    return await sendStream(reply.stream, response, client);
  }
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const hasBody = status !== 204 && status !== 304;
  response.writeHead(status, { ...headers, ...(hasBody ? { "content-length": bytes.length } : {}) });
  for (let at = 0; hasBody && !isHead && at < bytes.length && !isGone(response); at += PIECE_BYTES) {
    await send(bytes.subarray(at, at + PIECE_BYTES), response, client);
  }
  await client.sending(
    new Promise((resolve) => {
      if (isGone(response)) return resolve();
      response.once("close", resolve);
      response.end();
    }),
  );
}

async function sendStream(
  open: NonNullable<HttpReply["stream"]>,
  response: ServerResponse,
  client: Client,
): Promise<void> {
  const gone = new Promise<void>((resolve) => response.once("close", resolve));
  if (isGone(response)) return;
  const queue = new SlotQueue();
  let isSending = false;
  const flush = async () => {
    isSending = true;
    for (let text = queue.take(); text !== undefined && !isGone(response); text = queue.take()) {
      await send(encoder.encode(text), response, client);
    }
    isSending = false;
  };
  const end = open({
    send: (text, slot) => {
      if (isGone(response)) return;
      if (!queue.add(text, slot)) return client.cut();
      if (!isSending) void flush();
    },
    close: () => client.cut(),
  });
  await gone;
  end();
}

async function send(bytes: Uint8Array, response: ServerResponse, client: Client): Promise<void> {
  if (response.write(bytes)) return;
  await client.sending(
    new Promise((resolve) => {
      const done = () => {
        response.off("drain", done).off("close", done);
        resolve();
      };
      response.on("drain", done).on("close", done);
    }),
  );
}

function isGone(response: ServerResponse): boolean {
  return response.destroyed || response.socket?.destroyed === true;
}
