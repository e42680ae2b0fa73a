/** Follows the lengths of MQTT packets in a byte stream, so that nobody can make us collect an endless one. Pure. */

/** The largest packet that the house takes or sends, bytes; a whole-state reply of a station has about 4 kB. */
export const MAX_PACKET_BYTES = 1024 * 1024;

/** The most bytes that the length in a fixed header may have (MQTT 5.0, section 1.5.5). */
const LENGTH_BYTES = 4;

/** Reads the fixed headers of a stream and skips the rest. */
export class PacketSizes {
  /** Bytes of the present packet still to come; 0 at a packet's first byte. */
  #toSkip = 0;
  /** How many length bytes of the present header were read; -1 before its first byte. */
  #lengthBytes = -1;
  #length = 0;

  /**
   * Takes the next bytes of the stream.
   *
   * @returns the size of a packet larger than `limit`, Infinity for a length that cannot be; undefined when all is well
   */
  feed(chunk: Uint8Array, limit: number = MAX_PACKET_BYTES): number | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#toSkip > 0) {
        const skipped = Math.min(this.#toSkip, chunk.length - at);
        this.#toSkip -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (this.#lengthBytes < 0) {
        this.#lengthBytes = 0;
        this.#length = 0;
        continue;
      }
      this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes++;
      if (byte & 0x80) {
        if (this.#lengthBytes === LENGTH_BYTES) return Infinity;
        continue;
      }
      const size = 1 + this.#lengthBytes + this.#length;
      if (size > limit) return size;
      this.#toSkip = this.#length;
      this.#lengthBytes = -1;
    }
    return undefined;
  }
}
