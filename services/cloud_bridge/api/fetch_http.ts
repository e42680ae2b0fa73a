/** HTTPS through `fetch`: verified, bounded in time and size, never redirected. */
import { systemClock } from "../../../lib/time/clock.ts";
import { errorText } from "../../../lib/errors.ts";
import { CloudFault } from "./faults.ts";
import { type Http, type HttpReply, type HttpRequest, placeOf } from "./http.ts";

/** How to reach the servers. */
export interface FetchHttpOptions {
  /** PEM of an authority to trust besides the public ones. */
  readonly caPem?: string;
  /** Longest time for one request with its answer, real ms. */
  readonly timeoutMs?: number;
  /** Largest answer, bytes. */
  readonly maxBytes?: number;
}

/** A device list of a large account has some 10 kB, a `quota/all` answer some 30 kB. */
const MAX_BYTES = 1024 * 1024;
const TIMEOUT_MS = 15_000;

/** An {@link Http} with its connections. */
export interface FetchHttp {
  readonly http: Http;
  /** Closes the connections that are kept for the next request. */
  close(): void;
}

/** Makes one. Needs no permission but the network access to the hosts asked for. */
export function createFetchHttp(
  { caPem, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES }: FetchHttpOptions = {},
): FetchHttp {
  const client = Deno.createHttpClient({ caCerts: caPem === undefined ? [] : [caPem] });
  const http: Http = async (request, signal) => {
    const timeout = new AbortController();
    const cancel = systemClock().after(timeoutMs, () => timeout.abort());
    try {
      return await ask(client, request, AbortSignal.any([signal, timeout.signal]), maxBytes);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CloudFault) throw error;
      if (timeout.signal.aborted) {
        throw new CloudFault("network", `${placeOf(request.url)} did not answer within ${timeoutMs} ms`);
      }
      throw describe(error, request.url);
    } finally {
      cancel();
    }
  };
  return { http, close: () => client.close() };
}

async function ask(
  client: Deno.HttpClient,
  { method, url, headers, body }: HttpRequest,
  signal: AbortSignal,
  maxBytes: number,
): Promise<HttpReply> {
  // A redirect would carry the password to a host that nobody configured.
  const response = await fetch(url, { method, headers, body, signal, client, redirect: "manual" });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new CloudFault("unreadable_reply", `${placeOf(url)} answered with more than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return { status: response.status, body: whole };
}

/** The runtime hides what happened in the cause, behind the whole address: with the user's id in it. */
function describe(error: unknown, url: string): CloudFault {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = errorText(reason).replaceAll(url, placeOf(url))
    .replace(/^error sending request for url \([^)]*\): /, "").slice(0, 300);
  const isTls = /certificate|handshake|tls|ssl/i.test(text);
  return new CloudFault(isTls ? "tls" : "network", `${placeOf(url)}: ${text}`, undefined, { cause: error });
}
