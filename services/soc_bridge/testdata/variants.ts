/** Payloads taken apart into their fields, and put together again without some, with others, or in another order. */
import { type Capture } from "../../../commands/decode/captures.ts";
import { payloadBytes } from "../../../commands/decode/decode_capture.ts";
import { type Fields, plainFields } from "../../../proto/family_schema.ts";
import { decodeFrame, encodeFrame, type Header, isMasked, masked } from "../../../proto/frame.ts";
import { decodeInner, type InnerMessage, type LoadedFamily } from "../../../proto/registry.ts";
import { readDecodedJson } from "../decode/decoded_json.ts";
import { isObject } from "../decode/keyed_values.ts";
import type { CompiledModel } from "../models/compiled_model.ts";

/** One number of a payload: where it is. */
export type Leaf = readonly (string | number)[];

/** A payload in parts that can be changed. */
export interface Parts {
  /** Bytes as the cloud would send them, or messages that somebody else decoded. */
  build(roots: readonly unknown[]): Uint8Array | readonly InnerMessage[];
  /** The fields: one object for each message of known layout, or the JSON. */
  readonly roots: readonly unknown[];
}

/** Takes a recording apart; undefined when nothing in it is of known layout. */
export function partsOf(capture: Capture, model: CompiledModel, name: string): Parts | undefined {
  const { family } = model;
  if (capture.encoding === "decoded-json" && family && typeof capture.payload !== "string") {
    const messages = readDecodedJson(family, capture.payload);
    return {
      roots: messages.map(({ fields }) => fields),
      build: (roots) =>
        messages.map(({ name: message }, i) => ({ name: message, fields: (roots[i] ?? {}) as Fields })),
    };
  }
  const bytes = payloadBytes(capture, name);
  if (capture.encoding === "json" || capture.encoding === "decoded-json") {
    const root: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return { roots: [root], build: ([changed]) => new TextEncoder().encode(JSON.stringify(changed)) };
  }
  return family && partsOfFrame(decodeFrame(bytes), family);
}

/** Takes an envelope apart. */
export function partsOfFrame(headers: readonly Header[], family: LoadedFamily): Parts | undefined {
  const inner = headers.map((header) => decodeInner(family, header));
  const roots = inner.flatMap((message) => message ? [plainFields(message.fields)] : []);
  if (roots.length === 0) return undefined;
  return {
    roots,
    build: (changed) => {
      let next = 0;
      return encodeFrame(headers.map((header, i) => {
        const message = inner[i];
        if (!message) return header;
        const plain = family.schema.encode(message.name, (changed[next++] ?? {}) as Fields);
        const pdata = isMasked(header) ? masked(plain, header.seq ?? 0) : plain;
        return { ...header, pdata, ...(header.data_len === undefined ? {} : { data_len: pdata.length }) };
      }));
    },
  };
}

/** Every number and every true or false of the parts. */
export function leavesOf(roots: readonly unknown[]): Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (value: unknown, path: Leaf): void => {
    if (typeof value === "number" || typeof value === "boolean") leaves.push(path);
    else if (Array.isArray(value)) value.forEach((item, i) => walk(item, [...path, i]));
    else if (isObject(value)) { for (const key of Object.keys(value)) walk(value[key], [...path, key]); }
  };
  roots.forEach((root, i) => walk(root, [i]));
  return leaves;
}

/** A copy in which some leaves are gone, when `value` is undefined, or have that value. */
export function changed(
  roots: readonly unknown[],
  leaves: readonly Leaf[],
  value: number | undefined,
): unknown[] {
  const copy = structuredClone(roots) as unknown[];
  // From the back, so that the places of a list's other items stay true.
  for (const leaf of [...leaves].reverse()) {
    let holder: unknown = copy;
    for (const step of leaf.slice(0, -1)) holder = (holder as Record<string | number, unknown>)[step];
    const last = leaf.at(-1) ?? 0;
    const fields = holder as Record<string | number, unknown>;
    if (value !== undefined) fields[last] = typeof fields[last] === "boolean" ? value !== 0 : value;
    else if (Array.isArray(fields)) fields.splice(Number(last), 1);
    else delete fields[last];
  }
  return copy;
}
