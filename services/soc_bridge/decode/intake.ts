/** One station's messages in, readings and packs out: partial updates merge here. */
import { errorText } from "../../../lib/errors.ts";
import type { Fields } from "../../../proto/family_schema.ts";
import { type InnerMessage, innerName } from "../../../proto/registry.ts";
import { type Header, maskKey, MAX_PROBLEMS, plainPdata } from "../../../proto/frame.ts";
import { isOfflineHeader } from "../../../proto/offline.ts";
import type { CompiledModel } from "../models/compiled_model.ts";
import { asNumber, isNoValue, largestAt, numberAt } from "../models/field_path.ts";
import { BrokenUploads, ONLY_ZEROS } from "./broken_uploads.ts";
import type { JsonMessage } from "./json_shapes.ts";
import { keysOf, type ModelKeys } from "./key_table.ts";
import type { KeyedValues } from "./keyed_values.ts";
import { LastAnswer } from "./last_answer.ts";
import { readOutagePorts, type TimedOutagePorts } from "./outage_ports.ts";
import { Packs } from "./packs.ts";
import type { Payload } from "./payload.ts";
import { Readings } from "./readings.ts";
import { type MessagePicks, packFieldsOf, picksOf } from "./message_picks.ts";
import { DecodedMessage, type Taken, UnreadHeader } from "./taken.ts";
import { TAG27_FIELD, TAG27_MESSAGE } from "./tag27_field.ts";
import { own, put } from "../../../lib/own.ts";

/** JSON stations of every time have this module, and most a charge in it. */
const COMMON_MODULE = "pd.";

/** No fields. */
const NO_FIELDS: Fields = {};

/** Merges one station's messages. */
export class Intake {
  readonly readings: Readings;
  readonly packs: Packs | undefined;
  #outagePorts: TimedOutagePorts | undefined;
  #isOwnSpeech = false;
  /** Charges that not every station of its time says. */
  readonly #ownCharges: readonly number[];
  readonly #lastAnswer = new LastAnswer();
  readonly #brokenUploads: BrokenUploads;
  /** Where a message lists all packs. */
  readonly #packList: { readonly message: string; readonly field: string } | undefined;

  constructor(readonly model: CompiledModel) {
    this.readings = new Readings(model.paths.length);
    this.#brokenUploads = new BrokenUploads(model);
    this.#ownCharges = [...model.charges].filter((slot) => !model.paths[slot]?.startsWith(COMMON_MODULE));
    const { packs } = model.spec;
    this.packs = packs && new Packs(packs);
    const [message = "", field = ""] = packs && "list" in packs ? packs.list.split(".") : [];
    this.#packList = message === "" ? undefined : { message, field };
  }

  /** Something came that only stations of this table say, and not every station of its time. */
  get isOwnSpeech(): boolean {
    return this.#isOwnSpeech;
  }

  /** The outlets with a limit of their own as they were last told. */
  get outagePorts(): TimedOutagePorts | undefined {
    return this.#outagePorts;
  }

  /** Takes a payload. Nothing changes for messages that cannot be read. */
  take(payload: Payload, atMonoMs: number): Taken {
    this.readings.beginPayload();
    return payload.kind === "frame"
      ? this.#takeHeaders(payload.headers, payload.problems, atMonoMs)
      : this.#takeJson(payload.message, atMonoMs);
  }

  /** Takes decoded messages as one payload that is no reply. */
  takeMessages(messages: readonly InnerMessage[], atMonoMs: number): Taken {
    this.readings.beginPayload();
    const problems: string[] = [];
    const values = messages.map(({ name, fields }) => this.#takeFields(name, fields, atMonoMs, problems));
    this.#commit(atMonoMs);
    return {
      values: values.reduce((a, b) => a + b, 0),
      isReply: false,
      online: undefined,
      tag27: undefined,
      messages: messages.map(({ name, fields }) => new DecodedMessage(undefined, undefined, name, fields)),
      unknownPairs: [],
      problems,
    };
  }

  /** @returns how many known values the message carried */
  #takeFields(message: string, fields: Fields, atMonoMs: number, problems: string[]): number {
    let values = 0;
    for (const { steps, slot } of this.model.byMessage.get(message) ?? []) {
      if (this.#put(slot, numberAt(fields, steps))) values++;
    }
    return values + this.#takePacks(message, fields, atMonoMs) +
      this.#takeOutagePorts(message, fields, atMonoMs, problems);
  }

  /** As {@link Intake.#takeFields}, of what was picked out of the message. */
  #takePicks({ picker: { numbers }, picker, places, slots, pack }: MessagePicks, atMonoMs: number): number {
    let values = 0;
    for (let i = 0; i < places.length; i++) {
      const at = places[i] as number;
      const number = numbers[at] as number;
      // Most were not sent: NaN, of which the difference to itself is no 0 either, as of what is infinite.
      if (number - number === 0 && this.#put(slots[i] as number, number)) values++;
    }
    return pack ? values + this.#takePackReport(packFieldsOf(picker, pack), atMonoMs) : values;
  }

  /** Notes a number for the table. @returns false when there is none to note */
  #put(slot: number, value: number | undefined): boolean {
    if (value === undefined || (isNoValue(value) && !this.model.bitSlots.has(slot))) return false;
    this.readings.put(slot, value);
    return true;
  }

  #takeHeaders(headers: readonly Header[], problemsOfFrame: readonly string[], atMonoMs: number): Taken {
    const { family } = this.model;
    const messages: DecodedMessage[] = [];
    const unknownPairs: string[] = [];
    const problems: string[] = problemsOfFrame.length > 0 ? [...problemsOfFrame] : [];
    let values = 0;
    let tag27: number | undefined;
    let online: boolean | undefined;
    let known = 0;
    let replies = 0;
    for (const header of headers) {
      const { cmd_func, cmd_id } = header;
      if (isOfflineHeader(header)) online = false;
      if (!family) {
        problems.push(`a frame where the ${this.model.spec.model} sends JSON`);
        break;
      }
      const name = innerName(family, header);
      if (name === undefined) {
        if (cmd_func !== undefined) unknownPairs.push(`${cmd_func}/${cmd_id}`);
        messages.push(
          new DecodedMessage(cmd_func, cmd_id, undefined, NO_FIELDS, header.pdata && plainPdata(header)),
        );
        continue;
      }
      const picks = picksOf(this.model, family.schema, name);
      if (header.pdata && picks.picker.pick(header.pdata, maskKey(header))) {
        values += this.#takePicks(picks, atMonoMs);
        const { tag27: at, picker: { numbers } } = picks;
        if (at !== undefined) tag27 = asNumber(numbers[at]) ?? tag27;
        messages.push(new DecodedMessage(cmd_func, cmd_id, name, new UnreadHeader(family, header)));
      } else {
        let fields;
        try {
          fields = family.schema.decode(name, plainPdata(header));
        } catch (error) {
          if (problems.length < MAX_PROBLEMS) problems.push(errorText(error));
          continue;
        }
        values += this.#takeFields(name, fields, atMonoMs, problems);
        if (name === TAG27_MESSAGE) tag27 = asNumber(own(fields, TAG27_FIELD)) ?? tag27;
        messages.push(new DecodedMessage(cmd_func, cmd_id, name, fields));
      }
      known++;
      if (isReplyHeader(header)) replies++;
    }
    const { isBroken, gridValues } = this.#settle(values, atMonoMs);
    if (!isBroken) {
      // Headers of unknown layout, or of none, make a reply neither.
      const isReply = known > 0 && replies === known;
      return { values, isReply, online, tag27, messages, unknownPairs, problems };
    }
    problems.push(ONLY_ZEROS);
    return { values: gridValues, isReply: false, online, tag27: undefined, messages, unknownPairs, problems };
  }

  #takeJson(message: JsonMessage, atMonoMs: number): Taken {
    const nothing = { isReply: false, tag27: undefined, unknownPairs: [], problems: [] };
    if (message.kind === "status") {
      return { ...nothing, values: 0, online: message.online, messages: [] };
    }
    const { name, cmdFunc, cmdId } = message;
    const decoded = new DecodedMessage(cmdFunc, cmdId, name, message.values);
    // The cloud repeats its memory for ever, also in its answer to a get-all request: only one that differs from the
    // last shows that the station still speaks.
    const isRepeat = message.kind !== "push" && this.#lastAnswer.isRepeated(message.values);
    const values = isRepeat ? 0 : this.#takeKeys(message.values, atMonoMs);
    const { isBroken, gridValues } = this.#settle(values, atMonoMs);
    if (isBroken) {
      return {
        ...nothing,
        values: gridValues,
        online: undefined,
        messages: [decoded],
        problems: [ONLY_ZEROS],
      };
    }
    return { ...nothing, values, isReply: message.kind === "reply", online: undefined, messages: [decoded] };
  }

  #takeKeys(values: KeyedValues, atMonoMs: number): number {
    const keys = keysOf(this.model);
    const { table } = keys;
    table.find(values);
    let taken = 0;
    for (const { place, steps, slot } of keys.taps) {
      const value = table.valueAt(place);
      if (value === undefined) continue;
      const number = steps === undefined ? asNumber(value) : largestAt(value, steps);
      if (this.#put(slot, number)) taken++;
    }
    return taken + this.#takePackKeys(keys, atMonoMs);
  }

  /**
   * Takes what the payload carried, unless it is a broken upload; of that at most what it says of the grid.
   *
   * @param values How many fields were carried, packs included: those are never all zero
   * @returns `gridValues`: how many fields of a broken upload were taken
   */
  #settle(values: number, atMonoMs: number): { readonly isBroken: boolean; readonly gridValues: number } {
    const { readings } = this;
    if (!this.#isOwnSpeech) this.#isOwnSpeech = this.#hasOwnCharge();
    const upload = this.#brokenUploads.judge(readings, values, atMonoMs);
    switch (upload) {
      case "sound":
        this.#commit(atMonoMs);
        return { isBroken: false, gridValues: 0 };
      case "grid_counts":
        return { isBroken: true, gridValues: readings.commitOnly(this.model.gridSlots, atMonoMs) };
      case "broken":
        readings.discard();
        return { isBroken: true, gridValues: 0 };
    }
  }

  #commit(atMonoMs: number): void {
    const { unreportedBattery } = this.model;
    this.readings.commit(atMonoMs);
    if (unreportedBattery.length > 0) this.readings.noteBattery(unreportedBattery);
  }

  #hasOwnCharge(): boolean {
    const { readings } = this;
    for (const slot of this.#ownCharges) if (readings.isWaiting(slot)) return true;
    return false;
  }

  #takeOutagePorts(message: string, fields: Fields, atMonoMs: number, problems: string[]): number {
    const read = this.model.outagePorts && readOutagePorts(this.model.outagePorts, message, fields);
    if (!read) return 0;
    problems.push(...read.problems);
    this.#outagePorts = { ports: read.ports, atMonoMs };
    return 1;
  }

  #takePacks(message: string, fields: Fields, atMonoMs: number): number {
    const { packs } = this;
    const spec = this.model.spec.packs;
    if (!packs || !spec || "keys" in spec) return 0;
    if ("message" in spec) {
      return spec.message === message ? this.#takePackReport(fields, atMonoMs) : 0;
    }
    const list = this.#packList;
    if (list?.message !== message || !Object.hasOwn(fields, list.field)) return 0;
    const entries = (own(fields, list.field) as readonly Fields[]).slice(0, 64);
    const taken = entries.map((entry) => asNumber(own(entry, spec.num)) ?? 0);
    if (taken.length > 0) packs.keepOnly(taken);
    return entries.filter((entry, i) => packs.take(taken[i] ?? 0, entry, atMonoMs)).length;
  }

  /** A message that reports one pack. */
  #takePackReport(fields: Fields, atMonoMs: number): number {
    const { packs } = this;
    const spec = this.model.spec.packs;
    if (!packs || !spec || !("message" in spec)) return 0;
    return packs.take(asNumber(own(fields, spec.num)) ?? 0, fields, atMonoMs) ? 1 : 0;
  }

  /** Packs in JSON: under a prefix each, or, where a protobuf family speaks JSON, flat for one pack. */
  #takePackKeys(keys: ModelKeys, atMonoMs: number): number {
    const { packs } = this;
    const spec = this.model.spec.packs;
    if (!packs || !spec) return 0;
    let taken = 0;
    for (const pack of keys.packs) {
      let fields: Record<string, unknown> | undefined;
      for (const [name, place] of pack.fields) {
        const value = keys.table.valueAt(place);
        if (value !== undefined) put(fields ??= {}, name, value);
      }
      if (!fields) continue;
      let { num } = pack;
      if ("message" in spec) {
        // Without a capacity these are some other module's "soc" and "temp".
        if (spec.full === undefined || !Object.hasOwn(fields, spec.full)) continue;
        num = asNumber(keys.table.valueAt(keys.num)) ?? 0;
      }
      if ("keys" in spec) this.#isOwnSpeech = true;
      if (packs.take(num, fields, atMonoMs)) taken++;
    }
    return taken;
  }
}

/** Replies to a get-all request name no destination; pushes always do. */
function isReplyHeader({ dest, seq }: Header): boolean {
  return dest === undefined && seq !== undefined;
}
