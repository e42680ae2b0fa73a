/** Protobuf's wire format, as far as the envelope needs it: varints, tags and length-delimited fields. */

/** A varint takes at most this many bytes. */
const MAX_VARINT_BYTES = 10;
/** A byte of a varint from here on is not its last. */
const MORE = 0x80;

/** Wire types that a value may have. */
export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
/** Where a group begins and ends, a form that nobody writes any more; skipped as a whole. */
export const WIRE_GROUP = 3;
const WIRE_GROUP_END = 4;
export const WIRE_FIXED32 = 5;

/** Reads forward over bytes and says where it failed. */
export class WireReader {
  #at: number;

  /** @param start @param end Offsets into `bytes`; the reader never looks outside them */
  constructor(private readonly bytes: Uint8Array, start = 0, private readonly end = bytes.length) {
    this.#at = start;
  }

  /** Offset of the next byte. */
  get at(): number {
    return this.#at;
  }

  /** True when everything has been read. */
  get done(): boolean {
    return this.#at >= this.end;
  }

  /**
   * A varint's low 32 bits as an unsigned number; higher bits are read and dropped, as protobuf does for int32.
   *
   * @throws RangeError when the bytes end or the varint is longer than 10 bytes
   */
  varint32(): number {
    const first = this.#at < this.end ? this.bytes[this.#at] ?? 0 : MORE;
    if (first >= MORE) return this.#longVarint32();
    this.#at++;
    return first;
  }

  #longVarint32(): number {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#at < this.end ? this.bytes[this.#at++] : undefined;
      if (byte === undefined) throw new RangeError(`varint ends at byte ${this.#at} of ${this.end}`);
      if (i < 5) value |= (byte & 0x7f) << (7 * i);
      if (byte < MORE) return value >>> 0;
    }
    throw new RangeError(
      `varint at byte ${this.#at - MAX_VARINT_BYTES} is longer than ${MAX_VARINT_BYTES} bytes`,
    );
  }

  /**
   * Moves behind a length and the bytes that it is of.
   *
   * @returns where they begin; they end at {@link WireReader.at}
   * @throws RangeError when the length is a lie
   */
  enter(): number {
    const length = this.varint32();
    const start = this.#at;
    if (length > this.end - start) {
      throw new RangeError(
        `length ${length} at byte ${start} is more than the ${this.end - start} bytes left`,
      );
    }
    this.#at = start + length;
    return start;
  }

  /**
   * Moves behind a value of `wireType`.
   *
   * @param field Its number; a group ends with its own
   * @throws RangeError when it does not fit or the type is unknown
   */
  skip(wireType: number, field: number): void {
    switch (wireType) {
      case WIRE_VARINT:
        this.varint32();
        return;
      case WIRE_BYTES:
        this.enter();
        return;
      case WIRE_FIXED64:
        return this.#forward(8);
      case WIRE_FIXED32:
        return this.#forward(4);
      case WIRE_GROUP:
        return this.#skipGroup(field);
      default:
        throw new RangeError(`wire type ${wireType} before byte ${this.#at} is not one of 0, 1, 2, 3, 5`);
    }
  }

  /** Groups may hold groups: kept on a list, so that no depth exhausts the stack. */
  #skipGroup(field: number): void {
    const open = [field];
    while (open.length > 0) {
      if (this.done) throw new RangeError(`field ${field} with wire type ${WIRE_GROUP} has no end`);
      const tag = this.varint32();
      const [number, wireType] = [tag >>> 3, tag & 7];
      if (number === 0) throw new RangeError(`field number 0 in field ${field} with wire type ${WIRE_GROUP}`);
      if (wireType === WIRE_GROUP) open.push(number);
      else if (wireType !== WIRE_GROUP_END) this.skip(wireType, number);
      else if (open.pop() !== number) {
        throw new RangeError(`the end of group ${number} before byte ${this.#at} fits no beginning`);
      }
    }
  }

  #forward(count: number): void {
    if (count > this.end - this.#at) {
      throw new RangeError(`${count} bytes wanted at byte ${this.#at}, found fewer`);
    }
    this.#at += count;
  }
}

/** Collects bytes in wire format. */
export class WireWriter {
  readonly #bytes: number[] = [];

  /** A whole number from -2^31 to 2^32 - 1; negative ones take 10 bytes, as protobuf's int32 does. */
  varint(value: number): this {
    let low = value >>> 0;
    if (value >= 0) {
      while (low > 0x7f) {
        this.#bytes.push((low & 0x7f) | 0x80);
        low >>>= 7;
      }
      this.#bytes.push(low);
      return this;
    }
    for (let i = 0; i < 4; i++, low >>>= 7) this.#bytes.push((low & 0x7f) | 0x80);
    this.#bytes.push(low | 0xf0, 0xff, 0xff, 0xff, 0xff, 0x01);
    return this;
  }

  /** Field number and wire type. */
  tag(field: number, wireType: number): this {
    return this.varint((field << 3) | wireType);
  }

  /** A length and the bytes. */
  span(bytes: Uint8Array): this {
    this.varint(bytes.length);
    return this.raw(bytes);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): this {
    for (const byte of bytes) this.#bytes.push(byte);
    return this;
  }

  /** All that was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}
