/** Which fields of a message are wanted, made into what {@link FieldPicker} reads bytes by. Pure. */
import type { FamilySchema } from "./family_schema.ts";

/** Names from a message down to a field. */
export type FieldSteps = readonly string[];

/** What is done with a field; the low bits of a code of {@link PickPlan.codes}. */
export const PICK = {
  /** Nothing: not known, or not wanted and without anything in it that could be damaged. */
  skip: 0,
  int32: 1,
  uint32: 2,
  sint32: 3,
  bool: 4,
  float: 5,
  text: 6,
  /** A message is read by another plan. */
  message: 7,
  /** A list of numbers that nobody wants must hold whole numbers all the same. */
  varints: 8,
  fixed32s: 9,
  fixed64s: 10,
  /** The message is read as a whole by its schema: something in this field is wanted that no number is. */
  whole: 11,
  /** Where the field's bytes lie; one field of a plan alone. */
  bytes: 12,
} as const;

/** Bits of a code that say what is done; those above say where the value goes, or which plan reads on. */
export const PICK_BITS = 4;

/** How one message is read. */
export interface PickPlan {
  /** By field number: what is done, and above {@link PICK_BITS} the place of the value or of the plan below. */
  readonly codes: Uint16Array;
  /** The plans of messages in it. */
  readonly below: readonly PickPlan[];
}

const NUMBERS: Readonly<Record<string, number>> = {
  int32: PICK.int32,
  uint32: PICK.uint32,
  sint32: PICK.sint32,
  bool: PICK.bool,
  float: PICK.float,
  string: PICK.text,
};

const LISTS: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ["int32", "uint32", "sint32", "int64", "uint64", "sint64", "bool"].map((type) => [type, PICK.varints]),
  ),
  ...Object.fromEntries(["float", "fixed32", "sfixed32"].map((type) => [type, PICK.fixed32s])),
  ...Object.fromEntries(["double", "fixed64", "sfixed64"].map((type) => [type, PICK.fixed64s])),
};

/** Plans of messages of which nothing is wanted, each made once a family. */
const unwanted = new WeakMap<FamilySchema, Map<string, PickPlan>>();

/**
 * Plans the reading of one message.
 *
 * @param wanted Fields that are wanted as a number or a text; the place of a value is the place of its path in this list
 * @param whole Fields for which the message is read by its schema when they were sent: lists, and what is in them
 */
export function planPicks(
  schema: FamilySchema,
  message: string,
  wanted: readonly FieldSteps[],
  whole: readonly FieldSteps[] = [],
): PickPlan {
  const places = wanted.map((steps, place) => ({ steps, place }));
  return planOf(schema, message, [...places, ...whole.map((steps) => ({ steps, place: undefined }))]);
}

/** A field that is wanted; without a place only by the schema. */
interface Wanted {
  readonly steps: FieldSteps;
  readonly place: number | undefined;
}

function planOf(schema: FamilySchema, message: string, wanted: readonly Wanted[]): PickPlan {
  if (wanted.length === 0) return unwantedOf(schema, message);
  const plan = emptyPlan(schema, message);
  fill(plan, schema, message, wanted);
  return plan;
}

function unwantedOf(schema: FamilySchema, message: string): PickPlan {
  const plans = unwanted.get(schema) ?? new Map<string, PickPlan>();
  unwanted.set(schema, plans);
  const known = plans.get(message);
  if (known) return known;
  // Noted before it is filled: a message may hold its own kind.
  const plan = emptyPlan(schema, message);
  plans.set(message, plan);
  fill(plan, schema, message, []);
  return plan;
}

interface OpenPlan extends PickPlan {
  readonly below: PickPlan[];
}

function emptyPlan(schema: FamilySchema, message: string): OpenPlan {
  const highest = schema.fieldsOf(message).reduce((most, { id }) => Math.max(most, id), 0);
  return { codes: new Uint16Array(highest + 1), below: [] };
}

function fill(plan: OpenPlan, schema: FamilySchema, message: string, wanted: readonly Wanted[]): void {
  for (const { name, id, type, repeated, isEnum } of schema.fieldsOf(message)) {
    const here = wanted.filter(({ steps }) => steps[0] === name);
    const scalar = isEnum ? "int32" : type;
    if (here.some(({ steps, place }) => place === undefined && steps.length === 1)) {
      plan.codes[id] = PICK.whole;
    } else if (schema.has(type)) {
      const below = here.map(({ steps, place }) => ({ steps: steps.slice(1), place }));
      // A list is no single message: what is wanted in it only the schema gives.
      if (repeated && below.length > 0) plan.codes[id] = PICK.whole;
      else {
        plan.codes[id] = PICK.message | plan.below.length << PICK_BITS;
        plan.below.push(planOf(schema, type, below));
      }
    } else if (repeated) plan.codes[id] = LISTS[scalar] ?? PICK.skip;
    else {
      const [one] = here;
      if (one?.place !== undefined) plan.codes[id] = (NUMBERS[scalar] ?? PICK.whole) | one.place << PICK_BITS;
    }
  }
}
