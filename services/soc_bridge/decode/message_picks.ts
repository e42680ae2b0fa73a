/** What a table asks of one protobuf message, made into places of a {@link FieldPicker}. Pure. */
import { FieldPicker } from "../../../proto/field_picker.ts";
import { type FieldSteps, planPicks } from "../../../proto/pick_plan.ts";
import type { FamilySchema } from "../../../proto/family_schema.ts";
import { put } from "../../../lib/own.ts";
import type { CompiledModel } from "../models/compiled_model.ts";
import type { PackSpec } from "../models/model_spec.ts";
import { TAG27_FIELD, TAG27_MESSAGE } from "./tag27_field.ts";

/** A message's picker, and what its places are for. */
export interface MessagePicks {
  readonly picker: FieldPicker;
  /** Places that taps ask for … */
  readonly places: readonly number[];
  /** … and the slot of each. */
  readonly slots: readonly number[];
  /** Fields of a pack under their names; undefined: the message is no report of one pack. */
  readonly pack: readonly PickedField[] | undefined;
  /** The place of field 27; undefined where the message has none. */
  readonly tag27: number | undefined;
}

/** A field with its place. */
export interface PickedField {
  readonly name: string;
  readonly place: number;
  readonly isText: boolean;
}

const made = new WeakMap<CompiledModel, Map<string, MessagePicks>>();

/** The picks of a message of the model's family; made when it first comes. */
export function picksOf(model: CompiledModel, schema: FamilySchema, message: string): MessagePicks {
  let all = made.get(model);
  if (!all) made.set(model, all = new Map());
  let picks = all.get(message);
  if (!picks) all.set(message, picks = makePicks(model, schema, message));
  return picks;
}

function makePicks(model: CompiledModel, schema: FamilySchema, message: string): MessagePicks {
  const { packs } = model.spec;
  const wanted: FieldSteps[] = [];
  const whole: FieldSteps[] = [];
  const placeOf = (...steps: FieldSteps): number => {
    const known = wanted.findIndex((other) => other.join(".") === steps.join("."));
    return known === -1 ? wanted.push(steps) - 1 : known;
  };
  const places: number[] = [];
  const slots: number[] = [];
  for (const { steps, slot } of model.byMessage.get(message) ?? []) {
    const list = steps.findIndex((step) => step.list);
    const names = steps.map(({ name }) => name);
    // A text is no number.
    if (typeAt(schema, message, names) === "string") continue;
    if (list === -1) {
      places.push(placeOf(...names));
      slots.push(slot);
    } else whole.push(names.slice(0, list + 1));
  }
  if (packs && "list" in packs && packs.list.startsWith(`${message}.`)) {
    whole.push(packs.list.split(".").slice(1));
  }
  if (model.outagePorts?.message === message) whole.push(model.outagePorts.steps);
  const pack = packs && "message" in packs && packs.message === message
    ? packNames(packs).map((name) => ({
      name,
      place: placeOf(name),
      isText: typeAt(schema, message, [name]) === "string",
    }))
    : undefined;
  const tag27 = message === TAG27_MESSAGE && typeAt(schema, message, [TAG27_FIELD]) !== undefined
    ? placeOf(TAG27_FIELD)
    : undefined;
  const picker = new FieldPicker(planPicks(schema, message, wanted, whole), wanted.length);
  return { picker, places, slots, pack, tag27 };
}

/** The type of a field; undefined when there is none. */
function typeAt(schema: FamilySchema, message: string, steps: FieldSteps): string | undefined {
  let type: string | undefined = message;
  for (const step of steps) {
    type = type !== undefined && schema.has(type)
      ? schema.fieldsOf(type).find(({ name }) => name === step)?.type
      : undefined;
  }
  return type;
}

/** What {@link Packs.take} asks for, and the pack's number. */
function packNames(packs: Extract<PackSpec, { message: string }>): string[] {
  const { num, soc, temp, full, design, sn, capacity } = packs;
  const cells = "cells" in capacity ? capacity.cells : undefined;
  return [...new Set([num, ...soc, ...temp, full, design, sn, cells])].filter((name) => name !== undefined);
}

/** The fields of a pack that were sent. */
export function packFieldsOf(
  { numbers, texts }: FieldPicker,
  pack: readonly PickedField[],
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const { name, place: at, isText } of pack) {
    const number = numbers[at] ?? NaN;
    if (!Number.isNaN(number)) put(fields, name, isText ? texts[at] : number);
  }
  return fields;
}
