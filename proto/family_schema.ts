/** The message types of one family, built from its generated descriptor. */
import protobuf from "protobufjs/light.js";
import { errorText, InvalidInputError } from "../lib/errors.ts";

/** Field number, type, and whether it is repeated. */
export type FieldDescriptor = readonly [id: number, type: string, rule?: "repeated"];

/** A generated descriptor, `proto/gen/<family>.json`. */
export interface FamilyDescriptor {
  readonly messages: Readonly<Record<string, Readonly<Record<string, FieldDescriptor>>>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * The fields of a decoded message under their schema names. **A field that was not sent is absent**; a 0 that was sent
 * is there. Enums are numbers; a repeated field that was not sent, or sent empty, is absent.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** Explicit presence and packed arrays; text is not verified, because packs put debris into serial fields. */
const TYPE_RULES = { edition: "2023", options: { features: { utf8_validation: "NONE" } } };

/** Decodes and encodes the messages of one family. Types are made and compiled when first used: a family has up to 60. */
export class FamilySchema {
  readonly #root = new protobuf.Root();
  /** Looking a type up by its name costs more than decoding a small message. */
  readonly #types = new Map<string, protobuf.Type>();

  constructor(private readonly descriptor: FamilyDescriptor) {}

  /** Whether the family has a message of this name. */
  has(message: string): boolean {
    return Object.hasOwn(this.descriptor.messages, message);
  }

  /** All message names. */
  messageNames(): string[] {
    return Object.keys(this.descriptor.messages);
  }

  /** Name, number, type and repetition of every field. @throws TypeError when there is no such message */
  fieldsOf(
    message: string,
  ): { name: string; id: number; type: string; repeated: boolean; isEnum: boolean }[] {
    const fields = ownOf(this.descriptor.messages, message);
    if (!fields) throw new TypeError(`no such message: ${message}`);
    return Object.entries(fields).map(([name, [id, type, rule]]) => ({
      name,
      id,
      type,
      repeated: rule !== undefined,
      isEnum: Object.hasOwn(this.descriptor.enums, type),
    }));
  }

  /**
   * Decodes an inner message, without its mask, into an object that keeps presence in its *own* keys: reading a
   * field that was not sent gives the schema's default, so ask `Object.hasOwn` first, or use {@link plainFields}.
   *
   * @param keepUnknown Fields that the schema does not know are kept for {@link unknownFieldNumbers} and `encode`
   * @throws InvalidInputError when the bytes do not fit the wire format
   */
  decode(message: string, pdata: Uint8Array, keepUnknown = false): Fields {
    try {
      const reader = protobuf.Reader.create(pdata);
      reader.discardUnknown = !keepUnknown;
      return this.#type(message).decode(reader) as unknown as Fields;
    } catch (cause) {
      throw new InvalidInputError(`${message} of ${pdata.length} bytes`, [
        `must be a protobuf message: ${errorText(cause)}`,
      ], { cause });
    }
  }

  /** The inverse of {@link FamilySchema.decode}; known fields ascending, then the unknown ones that were kept. */
  encode(message: string, fields: Fields): Uint8Array {
    return this.#type(message).encode(fields as Record<string, unknown>).finish();
  }

  #type(message: string): protobuf.Type {
    let type = this.#types.get(message);
    if (!type) {
      this.#make(message);
      // As for a whole family at once: it says which enums keep a number that they do not know.
      this.#root.resolveAll();
      type = this.#root.lookupType(message);
      this.#types.set(message, type);
    }
    return type;
  }

  /** Makes a type and all that its fields need. */
  #make(name: string): void {
    if (this.#root.get(name)) return;
    const values = ownOf(this.descriptor.enums, name);
    if (values) this.#root.add(protobuf.Enum.fromJSON(name, { values: { ...values } }));
    const fields = ownOf(this.descriptor.messages, name);
    if (!fields) return;
    const type = protobuf.Type.fromJSON(name, {
      ...TYPE_RULES,
      fields: Object.fromEntries(
        Object.entries(fields).map((
          [field, [id, type, rule]],
        ) => [field, rule ? { id, type, rule } : { id, type }]),
      ),
    } as protobuf.IType);
    type.setup = () => decodesAndEncodes(protobuf.Type.prototype.setup.call(type));
    this.#root.add(type);
    for (const [, type] of Object.values(fields)) this.#make(type);
  }
}

/** The package compiles five functions of each type, and keeps their text; a third of a megabyte of a family are these three. */
function decodesAndEncodes(type: protobuf.Type): protobuf.Type {
  const refuse = () => {
    throw new TypeError(`Cannot use "${type.name}" so: it decodes and encodes, and nothing else`);
  };
  return Object.assign(type, { verify: refuse, fromObject: refuse, toObject: refuse });
}

function ownOf<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Field numbers that the schema does not know, in the order found; `decoded` with `keepUnknown`. */
export function unknownFieldNumbers(decoded: Fields): number[] {
  const raw = (decoded as { $unknowns?: readonly Uint8Array[] }).$unknowns ?? [];
  return raw.map((bytes) => new protobuf.Reader(bytes).uint32() >>> 3);
}

/** A decoded message as a plain object that holds only what was sent, nested messages too; bytes become base64. */
export function plainFields(decoded: Fields): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const name of Object.keys(decoded)) {
    const value = decoded[name];
    if (Array.isArray(value)) {
      if (value.length > 0) plain[name] = value.map(plainValue);
    } else plain[name] = plainValue(value);
  }
  return plain;
}

function plainValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.toBase64();
  return typeof value === "object" && value !== null ? plainFields(value as Fields) : value;
}
