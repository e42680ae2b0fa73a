/**
 * Picks single numbers and texts out of a message without making an object of it: a table asks for some twenty of up to 400 fields.
 * It reads only what is beyond doubt; of everything else it says so, and somebody slower decides. In a quiet house code runs
 * interpreted, so the loop calls nothing for a field that nobody wants.
 */
import { PICK, PICK_BITS, type PickPlan } from "./pick_plan.ts";

/** Bits of a code that say what is done. */
const WHAT = (1 << PICK_BITS) - 1;
/** A byte of a varint from here on is not its last; seven bits of it are the number's. */
const MORE = 0x80;
const LOW = 0x7f;
/** A varint takes at most this many bytes. */
const MAX_VARINT_BYTES = 10;
/** Bits of a number that are kept, and some: of more only a bool takes notice. */
const KEPT_BITS = 35;
/** Messages in each other below this are left to the schema. */
const MAX_DEPTH = 8;
/** Texts longer than this are left to the schema. */
const MAX_TEXT_BYTES = 64;

const NO_BYTES = new Uint8Array();
const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Reads messages of one kind; what it found stands in it until the next. */
export class FieldPicker {
  /** By the place of the path in the plan; NaN: not sent. Of a text the number of its characters, of bytes where they begin. */
  readonly numbers: Float64Array;
  /** Texts by the same places; one whose number is NaN is from before. */
  readonly texts: string[] = [];
  /** Where the bytes of the field that is picked as such end. */
  bytesEnd = 0;
  #bytes: Uint8Array = NO_BYTES;
  #key = 0;

  /** @param places How many fields the plan asks for */
  constructor(private readonly plan: PickPlan, places: number) {
    this.numbers = new Float64Array(places);
  }

  /**
   * Reads a message.
   *
   * @param key What its bytes are masked with, 0 to 255; 0: they are plain
   * @param start @param end Where it lies in `bytes`
   * @returns false when somebody else must read it: it is damaged, or unusual, or holds what no number says
   */
  pick(bytes: Uint8Array, key: number, start = 0, end = bytes.length): boolean {
    this.numbers.fill(NaN);
    this.#bytes = bytes;
    this.#key = key;
    const isRead = this.#message(this.plan, start, end, 0);
    this.#bytes = NO_BYTES;
    return isRead;
  }

  #message({ codes, below }: PickPlan, start: number, end: number, depth: number): boolean {
    const bytes = this.#bytes;
    const key = this.#key;
    let at = start;
    while (at < end) {
      // Within the end there is a byte.
      let tag = bytes[at++] as number ^ key;
      if (tag >= MORE) {
        if (at >= end) return false;
        const second = bytes[at++] as number ^ key;
        tag = tag & LOW | (second & LOW) << 7;
        if (second >= MORE) {
          const third = at < end ? bytes[at++] as number ^ key : MORE;
          if (third >= MORE) return false;
          tag |= third << 14;
        }
      }
      const number = tag >>> 3;
      const code = number < codes.length ? codes[number] as number : 0;
      switch (tag & 7) {
        // A varint.
        case 0: {
          const last = at + MAX_VARINT_BYTES;
          let byte = MORE;
          if (code === 0) {
            while (byte >= MORE && at < end) byte = bytes[at++] as number ^ key;
            if (byte >= MORE || at > last) return false;
            break;
          }
          let value = 0;
          let shift = 0;
          while (byte >= MORE && at < end) {
            byte = bytes[at++] as number ^ key;
            if (shift < KEPT_BITS) value |= (byte & LOW) << shift;
            shift += 7;
          }
          if (byte >= MORE || at > last || !this.#noteNumber(code, value, shift)) return false;
          break;
        }
        // Four bytes.
        case 5:
          if (end - at < 4) return false;
          if (code !== 0) {
            if ((code & WHAT) !== PICK.float) return false;
            bits[0] = (bytes[at] as number ^ key) | (bytes[at + 1] as number ^ key) << 8 |
              (bytes[at + 2] as number ^ key) << 16 | (bytes[at + 3] as number ^ key) << 24;
            this.numbers[code >>> PICK_BITS] = float[0] as number;
          }
          at += 4;
          break;
        // A length, and as many bytes.
        case 2: {
          if (at >= end) return false;
          let length = bytes[at++] as number ^ key;
          if (length >= MORE) {
            const second = at < end ? bytes[at++] as number ^ key : MORE;
            const third = second < MORE ? 0 : at < end ? bytes[at++] as number ^ key : MORE;
            if (third >= MORE) return false;
            length = length & LOW | (second & LOW) << 7 | third << 14;
          }
          if (length > end - at) return false;
          if (code !== 0 && !this.#span(code, below, at, at + length, depth)) return false;
          at += length;
          break;
        }
        // Eight bytes.
        case 1:
          if (code !== 0 || end - at < 8) return false;
          at += 8;
          break;
        default:
          return false;
      }
      // Field 0 is no field.
      if (number === 0) return false;
    }
    return true;
  }

  /** @param bitCount How many bits the varint had room for */
  #noteNumber(code: number, value: number, bitCount: number): boolean {
    const place = code >>> PICK_BITS;
    switch (code & WHAT) {
      case PICK.int32:
        this.numbers[place] = value;
        return true;
      case PICK.uint32:
        this.numbers[place] = value >>> 0;
        return true;
      case PICK.sint32:
        this.numbers[place] = value >>> 1 ^ -(value & 1);
        return true;
      case PICK.bool:
        this.numbers[place] = value === 0 ? 0 : 1;
        return bitCount < KEPT_BITS;
      // Lists of numbers may also come one by one.
      case PICK.varints:
        return true;
      default:
        return false;
    }
  }

  #span(code: number, below: readonly PickPlan[], start: number, end: number, depth: number): boolean {
    const place = code >>> PICK_BITS;
    switch (code & WHAT) {
      case PICK.message: {
        const plan = below[place];
        return plan !== undefined && depth < MAX_DEPTH && this.#message(plan, start, end, depth + 1);
      }
      case PICK.text:
        return this.#text(place, start, end);
      case PICK.bytes:
        this.numbers[place] = start;
        this.bytesEnd = end;
        return true;
      case PICK.varints:
        return this.#areVarints(start, end);
      case PICK.fixed32s:
        return (end - start) % 4 === 0;
      case PICK.fixed64s:
        return (end - start) % 8 === 0;
      default:
        return false;
    }
  }

  #areVarints(start: number, end: number): boolean {
    const bytes = this.#bytes;
    const key = this.#key;
    let begun = 0;
    for (let at = start; at < end; at++) {
      if ((bytes[at] as number ^ key) < MORE) begun = 0;
      else if (++begun === MAX_VARINT_BYTES) return false;
    }
    return begun === 0;
  }

  /** ASCII alone; the same text as last time is not made again. */
  #text(place: number, start: number, end: number): boolean {
    const length = end - start;
    if (length > MAX_TEXT_BYTES) return false;
    const bytes = this.#bytes;
    const key = this.#key;
    const before = this.texts[place] ?? "";
    let isSame = before.length === length;
    for (let i = 0; i < length; i++) {
      const byte = bytes[start + i] as number ^ key;
      if (byte >= MORE) return false;
      if (isSame && byte !== before.charCodeAt(i)) isSame = false;
    }
    if (!isSame || this.texts[place] === undefined) {
      let text = "";
      for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number ^ key);
      this.texts[place] = text;
    }
    this.numbers[place] = length;
    return true;
  }
}
