/** Signs requests to EcoFlow's developer API. Pure. Facts: docs/protocol.md "Developer API". */
import { createHmac } from "node:crypto";

/** What the parameters of a request may hold: those of a JSON body. */
export type SignedValue =
  | string
  | number
  | boolean
  | null
  | readonly SignedValue[]
  | { readonly [key: string]: SignedValue };

/** Everything that goes into a signature. */
export interface SignatureParts {
  /** The query of a GET or the body of a POST, never both; empty when there is neither. */
  readonly params: Readonly<Record<string, SignedValue>>;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Six random digits. */
  readonly nonce: string;
  /** Wall time, ms since 1970. */
  readonly timestampMs: number;
}

/** The text that is signed: parameters in ASCII order, then key, nonce and time, which are never sorted in. */
export function stringToSign(
  { params, accessKey, nonce, timestampMs }: Omit<SignatureParts, "secretKey">,
): string {
  const pairs = flatten(params, "")
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => `${key}=${value}`);
  return [...pairs, `accessKey=${accessKey}`, `nonce=${nonce}`, `timestamp=${timestampMs}`].join("&");
}

/** HMAC-SHA-256 in lower-case hex. */
export function sign(parts: SignatureParts): string {
  return createHmac("sha256", parts.secretKey).update(stringToSign(parts), "utf8").digest("hex");
}

/** Members become `parent.child`, elements `name[0]`; a value is spelled as in JSON, text without its quotes. */
function flatten(value: SignedValue, path: string): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => flatten(item, `${path}[${index}]`));
  if (value !== null && typeof value === "object") {
    return Object.entries(value).flatMap(([key, item]) => flatten(item, path ? `${path}.${key}` : key));
  }
  return [[path, String(value)]];
}
