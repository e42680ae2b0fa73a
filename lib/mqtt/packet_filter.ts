/**
 * Takes messages that are too large out of a stream of MQTT packets. So nobody can make us collect an endless one. And one that a
 * broker keeps for a topic does not end our connection again and again. Pure.
 */

/** The largest packet that the house takes or sends, bytes; a whole-state reply of a station has about 4 kB. */
export const MAX_PACKET_BYTES = 1024 * 1024;

/** The most bytes that a fixed header may have (MQTT 5.0, section 2.1). */
const HEADER_BYTES = 5;
const PUBLISH = 3;
/** A message that was left out is handed on with these bytes and its size, four bytes, as its payload. */
export const MARK_BYTES = 16;

/** What is left of a piece of the stream. */
export interface Filtered {
  /** To be handed on, in order. */
  readonly pieces: readonly Uint8Array[];
  /** Nothing can be read from here on: a packet of so many bytes that is no message, or Infinity: a length that cannot be. */
  readonly badBytes?: number;
}

/** A message that is left out, until its last byte has come. */
interface Skipped {
  readonly header: number;
  readonly size: number;
  /** What stands before its payload, as far as it has come: the topic, and its number with QoS 1 and 2. */
  readonly head: number[];
}

/** See the file comment. */
export class PacketFilter {
  /** Bytes of the present packet still to come; 0 between packets. */
  #toGo = 0;
  /** The fixed header, as far as it has come. */
  #header: number[] = [];
  #skipped: Skipped | undefined;

  /**
   * @param protocolVersion 5, or 4 for MQTT 3.1.1
   * @param mark {@link MARK_BYTES} that nobody outside can guess, for this connection alone
   * @param limit The largest packet that passes, bytes
   */
  constructor(
    private readonly protocolVersion: 4 | 5,
    private readonly mark: Uint8Array,
    private readonly limit: number = MAX_PACKET_BYTES,
  ) {}

  /** The size of the message that this payload stands for, bytes; undefined: it is a message's own payload. */
  sizeOfLeftOut(payload: Uint8Array): number | undefined {
    if (payload.length !== MARK_BYTES + 4) return undefined;
    if (!this.mark.every((byte, i) => payload[i] === byte)) return undefined;
    return new DataView(payload.buffer, payload.byteOffset).getUint32(MARK_BYTES);
  }

  /** Takes the next bytes of the stream; after `badBytes` no more may follow. */
  feed(chunk: Uint8Array): Filtered {
    const pieces: Uint8Array[] = [];
    const pass = (bytes: Uint8Array) => bytes.length > 0 && pieces.push(bytes);
    /** What came of a header before this chunk is held back until its length is known. */
    let held = Uint8Array.from(this.#header);
    let [from, at] = [0, 0];
    while (at < chunk.length) {
      if (this.#toGo > 0) {
        const end = at + Math.min(this.#toGo, chunk.length - at);
        this.#toGo -= end - at;
        if (this.#skipped) {
          note(this.#skipped, chunk.subarray(at, end));
          from = end;
        }
        at = end;
      } else {
        const end = this.#readHeader(chunk, at);
        if (typeof end !== "number") return { pieces, badBytes: end.badBytes };
        if (this.#header.length > 0) break;
        if (this.#skipped) {
          pass(chunk.subarray(from, at));
          from = end;
        } else pass(held);
        held = new Uint8Array();
        at = end;
      }
      if (this.#skipped && this.#toGo === 0) {
        const stand = this.#standIn(this.#skipped);
        if (!stand) return { pieces, badBytes: this.#skipped.size };
        pass(stand);
        this.#skipped = undefined;
      }
    }
    pass(chunk.subarray(from, at));
    return { pieces };
  }

  /** @returns where the header ends; it is kept when it is not whole yet */
  #readHeader(chunk: Uint8Array, from: number): number | { readonly badBytes: number } {
    for (let at = from; at < chunk.length;) {
      const byte = chunk[at++] ?? 0;
      this.#header.push(byte);
      if (this.#header.length === 1) continue;
      if (byte & 0x80) {
        if (this.#header.length === HEADER_BYTES) return { badBytes: Infinity };
        continue;
      }
      const [first = 0, ...lengths] = this.#header;
      this.#toGo = lengths.reduce((sum, part, i) => sum + (part & 0x7f) * 128 ** i, 0);
      const size = this.#header.length + this.#toGo;
      this.#header = [];
      if (size <= this.limit) return at;
      if (first >> 4 !== PUBLISH) return { badBytes: size };
      this.#skipped = { header: first, size, head: [] };
      return at;
    }
    return chunk.length;
  }

  /** The message with our mark as its payload: it is acknowledged as any other. undefined: its head was no head. */
  #standIn({ header, head, size }: Skipped): Uint8Array | undefined {
    if (head.length < headLength(header, head)) return undefined;
    const bytes = new DataView(new ArrayBuffer(4));
    bytes.setUint32(0, size);
    const body = [
      ...head,
      ...(this.protocolVersion === 5 ? [0] : []),
      ...this.mark,
      ...new Uint8Array(bytes.buffer),
    ];
    const lengths: number[] = [];
    for (let rest = body.length; rest > 0 || lengths.length === 0; rest >>= 7) {
      lengths.push(rest & 0x7f | (rest >= 128 ? 0x80 : 0));
    }
    return Uint8Array.from([header, ...lengths, ...body]);
  }
}

/** Keeps of a message that is left out what stands before its payload. */
function note({ header, head }: Skipped, bytes: Uint8Array): void {
  for (const byte of bytes) {
    if (head.length >= headLength(header, head)) return;
    head.push(byte);
  }
}

/** Bytes of topic and number; at least 2, until the topic's length is known. */
function headLength(header: number, [high, low]: readonly number[]): number {
  if (high === undefined || low === undefined) return 2;
  return 2 + high * 256 + low + (header & 0b110 ? 2 : 0);
}
