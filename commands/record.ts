/**
 * `ecoflow-power record --sn SN [--minutes 5] [--out DIR]`: listens on the local broker, beside a running daemon, to what
 * one station says, and writes each payload as a capture file without serial numbers.
 */
import { parseArgs } from "node:util";
import type { BusMessage } from "../lib/workers/bus.ts";
import { errorText } from "../lib/errors.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { topicsUnder } from "../lib/mqtt/topics.ts";
import { anonymizePayload, cutSerial } from "./decode/anonymize.ts";
import { findModel } from "../services/soc_bridge/models/models.ts";
import { type Guest, guestOptions, visit } from "./broker/broker_guest.ts";
import { failureOf } from "./broker/no_broker.ts";
import { complain, EXIT, print } from "./command.ts";
import { readConfig } from "./read_config.ts";

/** A recording ends here, however long it was to be. */
const MAX_PAYLOADS = 5000;

/** Runs it. @returns the exit code */
export async function record(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = readOptions(args);
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  const config = readConfig(options.env === undefined ? [] : ["--env", options.env]);
  if (typeof config === "number") return config;
  const { sn, minutes, out } = options;
  Deno.mkdirSync(out, { recursive: true });
  let count = 0;
  const ended = Promise.withResolvers<void>();
  // Who never came in is told so by the visit itself.
  ended.promise.catch(() => {});
  const take = ({ payload }: BusMessage) => {
    if (count >= MAX_PAYLOADS) return;
    const name = `${String(++count).padStart(4, "0")}.json`;
    const text = captureText(anonymizePayload(payload, sn), sn, count);
    Deno.writeTextFileSync(`${out}/${name}`, text);
    if (count === MAX_PAYLOADS) ended.resolve();
  };
  const end = () => ended.resolve();
  const timer = setTimeout(end, minutes * 60_000);
  Deno.addSignalListener("SIGINT", end);
  let guest: Guest | undefined;
  try {
    guest = await visit(connectMqtt, guestOptions(config.house, "record"), take, ended.reject);
    await guest.listen([topicsUnder(config.house.roots).raw(sn)]);
    print(`Listening to ${sn} for ${minutes} min; Ctrl-C ends it earlier\n`);
    await ended.promise;
  } catch (error) {
    const { text, code } = failureOf(error, config.house);
    return complain(`Cannot record: ${text}\n`, code);
  } finally {
    clearTimeout(timer);
    Deno.removeSignalListener("SIGINT", end);
    await guest?.close();
  }
  if (count === 0) {
    return complain(
      `Nothing was heard. Is the daemon running, and is ${sn} the whole serial number?\n`,
      EXIT.no,
    );
  }
  return print(
    `${count} payloads in ${out}/; serial numbers are cut. Look through them before you post them.\n`,
  );
}

/** @throws TypeError or RangeError saying what was wanted */
function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sn: { type: "string", default: "" },
      minutes: { type: "string", default: "5" },
      out: { type: "string" },
      env: { type: "string" },
    },
  });
  const { sn, env } = values;
  const minutes = Number(values.minutes);
  if (!/^[A-Za-z0-9-]{4,32}$/.test(sn)) {
    throw new TypeError(`Cannot record: --sn must be a serial number, found "${sn}"`);
  }
  if (!(minutes > 0 && minutes <= 120)) {
    throw new RangeError(`Cannot record: --minutes must be up to 120, found "${values.minutes}"`);
  }
  return { sn, minutes, env, out: values.out ?? `capture-${sn.slice(0, 4)}` };
}

/** The text of one capture file. */
function captureText(payload: Uint8Array, sn: string, number: number): string {
  const model = findModel(sn);
  const text = new TextDecoder().decode(payload);
  let json: unknown;
  try {
    json = text.startsWith("{") ? JSON.parse(text) : undefined;
  } catch {
    json = undefined;
  }
  return JSON.stringify(
    {
      id: `${sn.slice(0, 4).toLowerCase()}-${String(number).padStart(4, "0")}`,
      model: model
        ? `${model.model} (serial prefix ${sn.slice(0, 4)})`
        : `unknown (serial prefix ${sn.slice(0, 4)})`,
      sn: cutSerial(sn),
      ...(model ? { family: model.family } : {}),
      transport: "local broker, raw topic",
      encoding: json === undefined ? "hex" : "json",
      payload: json ?? payload.toHex(),
      notes: "",
    },
    null,
    1,
  ) + "\n";
}
