/** Reads the head of an HTTP/1.1 request, strictly: what is not plainly right is refused. Pure. */

/** How much a request may bring. */
export interface HttpLimits {
  /** Request line and headers, bytes. */
  readonly headBytes: number;
  readonly bodyBytes: number;
}

/** What the browser of a person needs, with room. */
export const HTTP_LIMITS: HttpLimits = { headBytes: 8 * 1024, bodyBytes: 4 * 1024 };
const MAX_HEADERS = 64;
const MAX_TARGET = 2048;

/** The head, taken apart. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of body that follow. */
  readonly bodyBytes: number;
  readonly keepsAlive: boolean;
}

/** More bytes are wanted; or it is refused with a status and a sentence; or it is there, and so long. */
export type HeadReading =
  | { readonly kind: "more" }
  | { readonly kind: "refused"; readonly status: number; readonly why: string }
  | { readonly kind: "head"; readonly head: RequestHead; readonly bytes: number };

const latin1 = new TextDecoder("latin1");
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Reads what has arrived so far. */
export function parseHead(bytes: Uint8Array, limits: HttpLimits = HTTP_LIMITS): HeadReading {
  const end = endOfHead(bytes);
  if (end === undefined) {
    return bytes.length > limits.headBytes ? refused(431, "the head is too large") : { kind: "more" };
  }
  if (end > limits.headBytes) return refused(431, "the head is too large");
  const [first = "", ...lines] = latin1.decode(bytes.subarray(0, end)).split("\r\n");
  const target = readRequestLine(first);
  if (typeof target === "string") return refused(400, target);
  if (target.path.length > MAX_TARGET) return refused(414, "the address is too long");
  const headers = readHeaders(lines);
  if (typeof headers === "string") return refused(400, headers);
  if (headers.has("transfer-encoding")) return refused(501, "a body must come with its length");
  if (headers.has("expect")) return refused(417, "nothing is expected here");
  const length = headers.get("content-length") ?? "0";
  if (!/^\d{1,15}$/.test(length)) return refused(400, "content-length must be one number");
  const bodyBytes = Number(length);
  if (bodyBytes > limits.bodyBytes) return refused(413, "the body is too large");
  const connection = (headers.get("connection") ?? "").toLowerCase();
  const keepsAlive = target.version === "1.1" && !/\bclose\b/.test(connection);
  return { kind: "head", head: { ...target, headers, bodyBytes, keepsAlive }, bytes: end + 4 };
}

/** Index of the empty line's first byte. */
function endOfHead(bytes: Uint8Array): number | undefined {
  for (let i = bytes.indexOf(13); i >= 0; i = bytes.indexOf(13, i + 1)) {
    if (bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  }
}

function readRequestLine(line: string) {
  const match = /^([A-Z]{1,16}) (\/[\x21-\x7e]*) HTTP\/1\.([01])$/.exec(line);
  if (!match) return "the request line must be METHOD /path HTTP/1.1";
  const [, method = "", target = "", minor = ""] = match;
  const [path = "", ...rest] = target.split("?");
  return { method, path, query: new URLSearchParams(rest.join("?")), version: `1.${minor}` };
}

/** A sentence when they cannot be read. What may come once only, and decides, is not joined but refused. */
function readHeaders(lines: readonly string[]): Map<string, string> | string {
  if (lines.length > MAX_HEADERS) return "there are too many headers";
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    // deno-lint-ignore no-control-regex
    if (!TOKEN.test(name) || /[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return "a header cannot be read";
    const key = name.toLowerCase();
    const before = headers.get(key);
    if (before === undefined) headers.set(key, value);
    else if (["host", "content-length", "origin", "content-type"].includes(key)) return `${key} came twice`;
    else headers.set(key, `${before}${key === "cookie" ? "; " : ", "}${value}`);
  }
  return headers;
}

function refused(status: number, why: string): HeadReading {
  return { kind: "refused", status, why };
}
