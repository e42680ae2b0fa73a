/** The ways in which a station's values arrive as JSON, all turned into flat keys. */
import { InvalidInputError } from "../../../lib/errors.ts";
import { JSON_CODE_OFFLINE } from "../../../proto/offline.ts";
import { isObject, type JsonObject, KeyedValues, withoutQuotes } from "./keyed_values.ts";
import { own } from "../../../lib/own.ts";

/** What a JSON payload is. */
export type JsonMessage =
  /** Values: `push` from the station, `reply` to a get-all request, `snapshot` from the cloud's memory. */
  | {
    readonly kind: "push" | "reply" | "snapshot";
    readonly name: string;
    readonly cmdFunc?: number;
    readonly cmdId?: number;
    readonly values: KeyedValues;
  }
  /** What the cloud says on whether the station is there. */
  | { readonly kind: "status"; readonly online: boolean };

/** Keys that have their full form. */
const FULL_KEYS: readonly string[] = [""];

/** Prefixes of the short keys under a `typeCode`. */
const TYPE_CODE_PREFIX: Readonly<Record<string, string>> = {
  pdStatus: "pd.",
  mpptStatus: "mppt.",
  emsStatus: "bms_emsStatus.",
  bmsStatus: "bms_bmsStatus.",
  bmsInfo: "bms_bmsInfo.",
  invStatus: "inv.",
  bmsSlaveStatus: "bms_slave.",
  bmsSlaveStatus_1: "bms_slave_bmsSlaveStatus_1.",
  bmsSlaveStatus_2: "bms_slave_bmsSlaveStatus_2.",
};

/** Prefixes of short keys under a `moduleType`; the battery's two modules share a number, and no key is in both. */
const MODULE_TYPE_PREFIXES: Readonly<Record<number, readonly string[]>> = {
  1: ["pd."],
  2: ["bms_emsStatus.", "bms_bmsStatus."],
  3: ["inv."],
  4: ["bms_slave."],
  5: ["mppt."],
};

/**
 * Reads a JSON payload of a station.
 *
 * @param source Named in errors
 * @param text What `root` was read from; absent: somebody else has read it
 * @throws InvalidInputError when it is no object, or an error of the cloud
 */
export function readJsonMessage(root: unknown, source: string, text?: string): JsonMessage {
  if (!isObject(root)) throw new InvalidInputError(source, [`must be a JSON object, found ${kindOf(root)}`]);
  const { data, params, param } = root;
  if (isObject(data)) {
    if (root["operateType"] !== undefined || isObject(data["quotaMap"])) return readReply(root, data);
    if (typeof root["code"] === "string") return readSnapshot(root, data);
  }
  if (typeof root["code"] === "string" && root["code"] !== "0") return refused(root, source);
  if (isObject(params)) return readParams(root, params);
  if (isObject(param)) return readCommand(root, param);
  return { kind: "push", name: "quota", values: valuesOf(root) };

  function valuesOf(body: JsonObject, prefixes?: readonly string[], member?: string): KeyedValues {
    return new KeyedValues(body, prefixes, text === undefined ? undefined : { text, member });
  }

  function readReply(reply: JsonObject, body: JsonObject): JsonMessage {
    // The cloud answers for a station that is away, from memory: those values are old.
    const online = withoutQuotes(body["online"]);
    if (online === 0 || online === false) return { kind: "status", online: false };
    const quotas = isObject(body["quotaMap"]) ? body["quotaMap"] : {};
    const name = typeof reply["operateType"] === "string" ? reply["operateType"] : "latestQuotas";
    return { kind: "reply", name, values: valuesOf(quotas, undefined, "quotaMap") };
  }

  function readSnapshot(answer: JsonObject, body: JsonObject): JsonMessage {
    if (answer["code"] !== "0") return refused(answer, source);
    return { kind: "snapshot", name: "quota/all", values: valuesOf(body, undefined, "data") };
  }

  function readParams(push: JsonObject, body: JsonObject): JsonMessage {
    const status = withoutQuotes(body["status"]);
    if ((status === 0 || status === 1) && Object.keys(body).length === 1) {
      return { kind: "status", online: status === 1 };
    }
    const { typeCode } = push;
    const [cmdFunc, cmdId] = [withoutQuotes(push["cmdFunc"]), withoutQuotes(push["cmdId"])];
    return {
      kind: "push",
      name: typeof typeCode === "string" ? typeCode : "params",
      ...(typeof cmdFunc === "number" ? { cmdFunc } : {}),
      ...(typeof cmdId === "number" ? { cmdId } : {}),
      values: valuesOf(body, prefixesOf(push, body)),
    };
  }

  function readCommand(push: JsonObject, body: JsonObject): JsonMessage {
    const [cmdFunc, cmdId] = [withoutQuotes(push["cmdFunc"]), withoutQuotes(push["cmdId"])];
    if (typeof cmdFunc !== "number" || typeof cmdId !== "number") {
      return { kind: "push", name: "param", values: valuesOf(body) };
    }
    const values = valuesOf(body, [`${cmdFunc}_${cmdId}.`]);
    return { kind: "push", name: `${cmdFunc}_${cmdId}`, cmdFunc, cmdId, values };
  }
}

/** What stands before the keys of a push in their full form. */
function prefixesOf({ typeCode, moduleType }: JsonObject, body: JsonObject): readonly string[] {
  const prefix = typeof typeCode === "string" ? own(TYPE_CODE_PREFIX, typeCode) : undefined;
  const module = withoutQuotes(moduleType);
  if (prefix === undefined && typeof module !== "number") return FULL_KEYS;
  if (Object.keys(body).some((key) => key.includes("."))) return FULL_KEYS;
  return prefix === undefined ? ["", ...(MODULE_TYPE_PREFIXES[Number(module)] ?? [])] : [prefix];
}

function refused(answer: JsonObject, source: string): JsonMessage {
  if (answer["code"] === JSON_CODE_OFFLINE) return { kind: "status", online: false };
  const said = typeof answer["message"] === "string" ? answer["message"].slice(0, 100) : "";
  throw new InvalidInputError(source, [
    `must hold values, found the cloud's error ${JSON.stringify(answer["code"])} "${said}"`,
  ]);
}

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
