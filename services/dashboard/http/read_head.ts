/**
 * Reads what `node:http` took apart, strictly. Its parser refuses what is no HTTP/1.1; here is refused what is, and what
 * a browser still never sends us: a second Host, an address of another server, a body without its length. Pure.
 */

/** How much a request may bring. */
export interface HttpLimits {
  /** Request line and headers, bytes; the parser keeps it. */
  readonly headBytes: number;
  readonly bodyBytes: number;
}

/** What the browser of a person needs, with room. */
export const HTTP_LIMITS: HttpLimits = { headBytes: 8 * 1024, bodyBytes: 4 * 1024 };
const MAX_HEADERS = 64;
const MAX_TARGET = 2048;
/** What decides may come once only: it is not joined but refused. */
const ONCE: readonly string[] = ["host", "content-length", "origin", "content-type"];

/** A head as the parser hands it over. */
export interface RawHead {
  readonly method: string;
  /** As sent: a path with its query, or whatever else stood there. */
  readonly target: string;
  /** Name, value, name, value, … as sent. */
  readonly rawHeaders: readonly string[];
}

/** The head, taken apart. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly why: string;
}

/** The head, or why it is refused. */
export function readHead(raw: RawHead, limits: HttpLimits = HTTP_LIMITS): RequestHead | Refusal {
  if (!/^[A-Z]{1,16}$/.test(raw.method) || !/^\/[\x21-\x7e]*$/.test(raw.target)) {
    return refused(400, "the request line must be METHOD /path HTTP/1.1");
  }
  const [path = "", ...rest] = raw.target.split("?");
  if (path.length > MAX_TARGET) return refused(414, "the address is too long");
  const headers = readHeaders(raw.rawHeaders);
  if (typeof headers === "string") return refused(400, headers);
  if (headers.has("transfer-encoding")) return refused(501, "a body must come with its length");
  if (headers.has("expect")) return refused(417, "nothing is expected here");
  const length = headers.get("content-length") ?? "0";
  if (!/^\d{1,15}$/.test(length)) return refused(400, "content-length must be one number");
  if (Number(length) > limits.bodyBytes) return refused(413, "the body is too large");
  return { method: raw.method, path, query: new URLSearchParams(rest.join("?")), headers };
}

/** Why the parser gave up, by its code. */
export function parserRefusal(code: string | undefined): Refusal {
  if (code === "HPE_HEADER_OVERFLOW") return refused(431, "the head is too large");
  return refused(400, "this is not HTTP/1.1");
}

/** A sentence when they cannot be read. */
function readHeaders(raw: readonly string[]): Map<string, string> | string {
  if (raw.length > 2 * MAX_HEADERS) return "there are too many headers";
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [key, value] = [(raw[i] ?? "").toLowerCase(), raw[i + 1] ?? ""];
    // deno-lint-ignore no-control-regex
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return "a header cannot be read";
    const before = headers.get(key);
    if (before === undefined) headers.set(key, value);
    else if (ONCE.includes(key)) return `${key} came twice`;
    else headers.set(key, `${before}${key === "cookie" ? "; " : ", "}${value}`);
  }
  return headers;
}

function refused(status: number, why: string): Refusal {
  return { status, why };
}
