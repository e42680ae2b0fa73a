/** What one payload held. Pure. */
import { type Fields, plainFields } from "../../../proto/family_schema.ts";
import type { Header } from "../../../proto/frame.ts";
import { decodeInner, type LoadedFamily } from "../../../proto/registry.ts";
import { KeyedValues } from "./keyed_values.ts";

/** What a payload held. */
export interface Taken {
  /** Fields of the table, packs included, that the payload carried; 0 means that it is no evidence of anything. */
  readonly values: number;
  /** The station answered a get-all request. */
  readonly isReply: boolean;
  /** What the cloud says; false as well when a frame says "offline". */
  readonly online: boolean | undefined;
  /** Field 27 of the last battery report. */
  readonly tag27: number | undefined;
  readonly messages: readonly DecodedMessage[];
  /** `cmd_func/cmd_id` of messages whose layout is not known. */
  readonly unknownPairs: readonly string[];
  /** Messages that could not be read, one sentence each; the others of the payload count. */
  readonly problems: readonly string[];
}

/** A header of which the table's fields alone were read. */
export class UnreadHeader {
  constructor(private readonly family: LoadedFamily, private readonly header: Header) {}

  /** Everything that it carried. */
  fields(): Fields {
    return decodeInner(this.family, this.header)?.fields ?? {};
  }
}

/** A message with every field that it carried. */
export class DecodedMessage {
  constructor(
    readonly cmd_func: number | undefined,
    readonly cmd_id: number | undefined,
    /** Undefined for a pair of unknown layout. */
    readonly name: string | undefined,
    private readonly sent: Fields | KeyedValues | UnreadHeader,
    /** The inner message without its mask, where its layout is not known. */
    readonly pdata?: Uint8Array,
  ) {}

  /** Only what was sent; made when asked for, because hardly anybody asks. */
  fields(): Record<string, unknown> {
    if (this.sent instanceof KeyedValues) return this.sent.flat();
    return plainFields(this.sent instanceof UnreadHeader ? this.sent.fields() : this.sent);
  }
}
