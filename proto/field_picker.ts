/**
 * Picks single numbers and texts out of a message without making an object of it: a table asks for some twenty of up to 400 fields.
 * It reads only what is beyond doubt; of everything else it says so, and the schema decides.
 */
import { Pick, PICK_BITS, type PickPlan } from "./pick_plan.ts";
import { WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from "./wire.ts";

const PICK_MASK = (1 << PICK_BITS) - 1;

/** A varint takes at most this many bytes. */
const MAX_VARINT_BYTES = 10;
/** Low bits of a number are in so many bytes of a varint. */
const LOW_BYTES = 5;
/** A tag or a length of more bytes is left to the schema. */
const MAX_SHORT_BYTES = 4;
/** Messages in each other below this are left to the schema. */
const MAX_DEPTH = 8;
/** Texts longer than this are left to the schema. */
const MAX_TEXT_BYTES = 64;

/** What is left to the schema. */
const DOUBTFUL = -1;

const NO_BYTES = new Uint8Array();
const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Reads messages of one kind; what it found stands in it until the next. */
export class FieldPicker {
  /** By the place of the path in the plan; NaN: not sent. Of a text the number of its characters. */
  readonly numbers: Float64Array;
  /** Texts by the same places; one whose number is NaN is from before. */
  readonly texts: string[] = [];
  #bytes: Uint8Array = NO_BYTES;
  #key = 0;
  #at = 0;

  /** @param places How many fields the plan asks for */
  constructor(private readonly plan: PickPlan, places: number) {
    this.numbers = new Float64Array(places);
  }

  /**
   * Reads a message.
   *
   * @param key The mask's, 0 to 255; 0: there is none
   * @returns false when the schema must read it: the bytes are damaged, or unusual, or hold what no number says
   */
  pick(bytes: Uint8Array, key: number): boolean {
    this.numbers.fill(NaN);
    this.#bytes = bytes;
    this.#key = key;
    this.#at = 0;
    const isRead = this.#message(this.plan, bytes.length, 0);
    this.#bytes = NO_BYTES;
    return isRead;
  }

  #message({ codes, below }: PickPlan, end: number, depth: number): boolean {
    while (this.#at < end) {
      const tag = this.#short(end);
      // Field 0 is no field.
      if (tag < 8) return false;
      const number = tag >>> 3;
      const code = number < codes.length ? codes[number] ?? Pick.skip : Pick.skip;
      switch (tag & 7) {
        case WIRE_VARINT:
          if (!this.#varint(code, end)) return false;
          break;
        case WIRE_FIXED32:
          if (end - this.#at < 4) return false;
          if ((code & PICK_MASK) === Pick.float) this.numbers[code >>> PICK_BITS] = this.#float();
          this.#at += 4;
          break;
        case WIRE_BYTES: {
          const length = this.#short(end);
          if (length === DOUBTFUL || length > end - this.#at) return false;
          const spanEnd = this.#at + length;
          if ((code & PICK_MASK) >= Pick.text) {
            const plan = below[code >>> PICK_BITS];
            const isRead = (code & PICK_MASK) === Pick.message
              ? plan !== undefined && depth < MAX_DEPTH && this.#message(plan, spanEnd, depth + 1)
              : this.#span(code, spanEnd);
            if (!isRead) return false;
          }
          this.#at = spanEnd;
          break;
        }
        case WIRE_FIXED64:
          if (end - this.#at < 8) return false;
          this.#at += 8;
          break;
        default:
          return false;
      }
      if ((code & PICK_MASK) === Pick.whole) return false;
    }
    return this.#at === end;
  }

  /** A tag or a length; {@link DOUBTFUL} when it is cut or long. */
  #short(end: number): number {
    let value = 0;
    for (let i = 0; i < MAX_SHORT_BYTES && this.#at < end; i++) {
      const byte = this.#byte(this.#at++);
      if (byte < 0x80) return value | byte << 7 * i;
      value |= (byte & 0x7f) << 7 * i;
    }
    return DOUBTFUL;
  }

  #varint(code: number, end: number): boolean {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES && this.#at < end; i++) {
      const byte = this.#byte(this.#at++);
      if (i < LOW_BYTES) value |= (byte & 0x7f) << 7 * i;
      if (byte >= 0x80) continue;
      const place = code >>> PICK_BITS;
      switch (code & PICK_MASK) {
        case Pick.int32:
          this.numbers[place] = value;
          break;
        case Pick.uint32:
          this.numbers[place] = value >>> 0;
          break;
        case Pick.sint32:
          this.numbers[place] = value >>> 1 ^ -(value & 1);
          break;
        case Pick.bool:
          // The bits beyond the 32 low ones count here, too.
          if (i >= LOW_BYTES - 1) return false;
          this.numbers[place] = value === 0 ? 0 : 1;
          break;
      }
      return true;
    }
    return false;
  }

  #span(code: number, end: number): boolean {
    switch (code & PICK_MASK) {
      case Pick.text:
        return this.#text(code >>> PICK_BITS, end);
      case Pick.varints:
        while (this.#at < end) if (!this.#varint(Pick.skip, end)) return false;
        return true;
      case Pick.fixed32s:
        return (end - this.#at) % 4 === 0;
      case Pick.fixed64s:
        return (end - this.#at) % 8 === 0;
      default:
        return false;
    }
  }

  /** ASCII alone; the same text as last time is not made again. */
  #text(place: number, end: number): boolean {
    const length = end - this.#at;
    if (length > MAX_TEXT_BYTES) return false;
    const before = this.texts[place];
    let isSame = before?.length === length;
    for (let i = 0; i < length; i++) {
      const byte = this.#byte(this.#at + i);
      if (byte >= 0x80) return false;
      isSame &&= byte === before?.charCodeAt(i);
    }
    if (!isSame) {
      let text = "";
      for (let i = 0; i < length; i++) text += String.fromCharCode(this.#byte(this.#at + i));
      this.texts[place] = text;
    }
    this.numbers[place] = length;
    return true;
  }

  #float(): number {
    const at = this.#at;
    bits[0] = this.#byte(at) | this.#byte(at + 1) << 8 | this.#byte(at + 2) << 16 | this.#byte(at + 3) << 24;
    return float[0] ?? NaN;
  }

  #byte(at: number): number {
    return (this.#bytes[at] ?? 0) ^ this.#key;
  }
}
