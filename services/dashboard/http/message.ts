/** What a request and a reply are, apart from the connection that carries them. */

/** A request, complete and within all limits. */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** As sent, not decoded, without the query; begins with "/". */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name; a name that came twice is joined with ", ". */
  readonly headers: ReadonlyMap<string, string>;
  /** Empty when there is none. */
  readonly body: Uint8Array;
  /** The peer's IP address. */
  readonly address: string;
  /** Whether it came in TLS. */
  readonly isTls: boolean;
}

/** The way to one client that listens on, for server-sent events. */
export interface EventSink {
  /**
   * Sends text. While the client is slow, only the newest of each `slot` waits; texts without a slot wait in order, and a
   * client that lets too many of them wait is cut off.
   */
  send(text: string, slot?: string): void;
  /** Ends the connection. */
  close(): void;
}

/** What is answered. */
export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: no body. */
  readonly body?: string | Uint8Array;
  /** Instead of a body: called once the head is sent; returns what to do when the client is gone. */
  readonly stream?: (sink: EventSink) => () => void;
}

/** JSON that nobody may keep. */
export function jsonReply(status: number, value: unknown, headers: Record<string, string> = {}): HttpReply {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
    body: JSON.stringify(value),
  };
}

/** One sentence for a program or a person. */
export function errorReply(status: number, error: string, headers: Record<string, string> = {}): HttpReply {
  return jsonReply(status, { error }, headers);
}
