/** HTTPS as this service needs it: small requests, small JSON answers, faults with a name. */
import * as v from "valibot";
import { InvalidInputError } from "../../../lib/errors.ts";
import { hideSecrets } from "../../../lib/log/hide_secrets.ts";
import { parseValue } from "../../../lib/messages/parse.ts";
import { CloudFault } from "./faults.ts";

/** One request. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Whatever the server answered. */
export interface HttpReply {
  readonly status: number;
  readonly body: Uint8Array;
}

/** The way out: `fetch_http.ts`, or a fake peer in tests. @throws CloudFault `network`, `tls` or `unreadable_reply` */
export type Http = (request: HttpRequest, signal: AbortSignal) => Promise<HttpReply>;

/** EcoFlow's envelope around every answer. */
export interface Envelope {
  /** `"0"` is success. */
  readonly code: string;
  /** What the server said about it; may hold what we sent it, so it is shown by {@link saidBy} only. */
  readonly message: string;
  readonly data: unknown;
  /** The answer as it came. */
  readonly body: Uint8Array;
}

const envelopeSchema = v.object({
  code: v.union([v.string(), v.number()]),
  message: v.nullish(v.string(), ""),
  data: v.optional(v.unknown()),
});

/** What EcoFlow says to callers who ask too often. */
const TOO_OFTEN = /too busy|too many|too frequent|rate limit/i;

/** Success, as every envelope spells it. */
export const SUCCESS = "0";

/**
 * Asks and opens the envelope.
 *
 * @throws CloudFault `network`, `tls`, `server`, `rate_limited` or `unreadable_reply`; a code other than "0" is not a fault
 */
export async function call(http: Http, request: HttpRequest, signal: AbortSignal): Promise<Envelope> {
  const { status, body } = await http(request, signal);
  const where = placeOf(request.url);
  if (status === 429) throw new CloudFault("rate_limited", `${where} answered with status 429`);
  if (status >= 500) throw new CloudFault("server", `${where} answered with status ${status}`);
  let envelope;
  try {
    envelope = v.parse(envelopeSchema, JSON.parse(new TextDecoder().decode(body)));
  } catch (cause) {
    throw new CloudFault(
      "unreadable_reply",
      `${where} answered with status ${status} and ${body.length} bytes that are not its usual JSON`,
      undefined,
      { cause },
    );
  }
  const message = printable(envelope.message ?? "");
  const tooOften = TOO_OFTEN.exec(message)?.[0];
  if (tooOften !== undefined) throw new CloudFault("rate_limited", `${where} answered "… ${tooOften} …"`);
  return { code: String(envelope.code), message, data: envelope.data, body };
}

/** Reads an envelope's data. @throws CloudFault `unreadable_reply` with the problems, without the values: they are secrets */
export function readData<const S extends v.GenericSchema>(
  schema: S,
  { data }: Envelope,
  url: string,
): v.InferOutput<S> {
  try {
    return parseValue(schema, data, "data");
  } catch (cause) {
    const problems = cause instanceof InvalidInputError ? cause.problems : [];
    const shown = problems.map((problem) => problem.split(", found ")[0]).join("; ");
    throw new CloudFault(
      "unreadable_reply",
      `${placeOf(url)} answered with data that cannot be read: ${shown}`.slice(0, 300),
      undefined,
      { cause },
    );
  }
}

/** Host and path of an address, without its query: fit for a log line. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** A server's answer for a log line: short, and without the secrets that it may echo, also in another spelling. */
export function saidBy({ code, message }: Envelope, secrets: readonly (string | undefined)[]): string {
  const shown = (text: string, length: number) => hideSecrets(text, secrets).slice(0, length);
  return `code "${shown(code, 20)}", "${shown(message, 100)}"`;
}

/** None of them a control character, and no more than anybody reads. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f]/g, " ").trim().slice(0, 4000);
}
