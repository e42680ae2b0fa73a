/** Posts over HTTP(S): verified, bounded in time and size, never redirected, with errors that hold no secret. */
import { errorText } from "../../lib/errors.ts";
import { SendError } from "./channel.ts";
import { hideSecrets } from "../../lib/log/hide_secrets.ts";

/** One request. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Never shown. */
  readonly secrets: readonly (string | undefined)[];
  /** What this service means by a status, where it is not what all mean; its text ends a sentence, without secrets. */
  readonly meaning?: (status: number) => Meaning | undefined;
}

/** How a message failed. */
export interface Meaning {
  readonly text: string;
  /** See {@link SendError}. */
  readonly isFinal: boolean;
  readonly mayBeTold?: boolean;
}

/** The way out. */
export type SendPost = (post: Post, signal: AbortSignal) => Promise<void>;

/** These say "not now"; every other 4xx says "never". */
const PASSING_STATUS: readonly number[] = [408, 425, 429];
const MAX_REPLY_BYTES = 4096;
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Makes it. @param caPem An authority to trust besides the public ones */
export function createHttp(caPem: string | undefined): { send: SendPost; close(): void } {
  const client = Deno.createHttpClient({ caCerts: caPem === undefined ? [] : [caPem] });
  return { send: (post, signal) => sendPost(client, post, signal), close: () => client.close() };
}

async function sendPost(client: Deno.HttpClient, post: Post, signal: AbortSignal): Promise<void> {
  const { url, headers, body, secrets } = post;
  const { host, pathname, search } = new URL(url);
  const hidden = [...secrets, ...[...secrets, pathname, search].flatMap(piecesOf)];
  const hide = (text: string) => hideSecrets(text, hidden);
  let status: number;
  let said: string;
  let retryAfter: string | null;
  try {
    const reply = await fetch(url, { method: "POST", headers, body, signal, client, redirect: "manual" });
    status = reply.status;
    retryAfter = reply.headers.get("retry-after");
    said = await beginningOf(reply);
  } catch (error) {
    signal.throwIfAborted();
    // The runtime's text has the whole address in it, which may be a secret.
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const text = errorText(reason).replaceAll(url, host).replace(/^error sending request.*?: /, "");
    throw new SendError(hide(`${host}: ${text}`).slice(0, 300), false);
  }
  const meaning = post.meaning?.(status);
  if (meaning) {
    const text = `${host} answered with status ${status}: ${meaning.text}`;
    throw new SendError(
      hide(text).slice(0, 300),
      meaning.isFinal,
      retryAfterMs(retryAfter),
      meaning.mayBeTold,
    );
  }
  if (status >= 200 && status < 300) return;
  const isFinal = status >= 300 && status < 500 && !PASSING_STATUS.includes(status);
  const text = hide(`${host} answered with status ${status}${said === "" ? "" : `: ${said}`}`);
  throw new SendError(text.slice(0, 300), isFinal, retryAfterMs(retryAfter));
}

/** A server may repeat a part of an address, or one of several addresses; a short one is a word that anybody uses. */
const SHORTEST_PIECE = 6;

function piecesOf(secret: string | undefined): string[] {
  return (secret ?? "").split(/[\s/?&=:@,;#]+/).filter(({ length }) => length >= SHORTEST_PIECE);
}

/** At most the first kilobytes, without control characters. */
async function beginningOf(reply: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of reply.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MAX_REPLY_BYTES) break;
  }
  // deno-lint-ignore no-control-regex
  return text.slice(0, 200).replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();
}

/** Seconds; a date is not worth its trouble. */
function retryAfterMs(text: string | null): number | undefined {
  if (text === null || !/^\d{1,6}$/.test(text)) return undefined;
  return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
}
