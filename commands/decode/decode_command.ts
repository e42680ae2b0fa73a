/** The command `decode`: arguments and text in, JSON or an error out. Reading files is left to its caller. */
import { errorText, InvalidInputError } from "../../lib/errors.ts";
import { EXIT } from "../command.ts";
import { type Capture, type Encoding, ENCODINGS, parseCapture } from "./captures.ts";
import { captureOf, decodeCapture } from "./decode_capture.ts";

/** How it ended: `exitCode` 0 with `output`, else with `error`: 64 for wrong arguments, 1 for what cannot be decoded. */
export type DecodeResult =
  | { readonly exitCode: 0; readonly output: string }
  | { readonly exitCode: 1 | 64; readonly error: string };

/** What the caller lends. */
export interface DecodeIo {
  /** The text of a file. */
  readFile(path: string): Promise<string>;
  /** Everything from standard input. */
  readStdin(): Promise<string>;
}

/** Shown for wrong arguments. */
export const DECODE_USAGE = [
  "Usage: decode FILE                                  a capture in the format of docs/devices.md",
  "       decode --sn SN --encoding hex|base64|json -  a payload from standard input",
].join("\n");

/** Runs the command. Never throws. */
export async function runDecode(args: readonly string[], io: DecodeIo): Promise<DecodeResult> {
  try {
    const { capture, source } = await readArguments(args, io);
    const { messages, state, normalized, problems } = await decodeCapture(capture, source);
    const result = { messages, state, normalized, ...(problems.length > 0 ? { problems } : {}) };
    return { exitCode: 0, output: JSON.stringify(result, null, 1) };
  } catch (error) {
    return { exitCode: error instanceof TypeError ? EXIT.usage : EXIT.no, error: errorText(error) };
  }
}

async function readArguments(
  args: readonly string[],
  io: DecodeIo,
): Promise<{ capture: Capture; source: string }> {
  const options = new Map<string, string>();
  const files: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "--sn" || arg === "--encoding") options.set(arg, args[++i] ?? "");
    else if (arg.startsWith("--")) {
      throw new TypeError(`Cannot decode: unknown option "${arg}"\n${DECODE_USAGE}`);
    } else files.push(arg);
  }
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) {
    throw new TypeError(
      `Cannot decode: one file, or "-", must be given, found ${files.length}\n${DECODE_USAGE}`,
    );
  }
  const source = file === "-" ? "standard input" : `file "${file}"`;
  const text = file === "-" ? await io.readStdin() : await readText(io, file);
  if (options.size === 0 && file !== "-") return { capture: parseCapture(text, source), source };
  const sn = options.get("--sn");
  const encoding = ENCODINGS.slice(0, 3).find((e) => e === options.get("--encoding"));
  if (sn === undefined || encoding === undefined) {
    const found = options.get("--encoding") ?? "none";
    throw new TypeError(
      `Cannot decode ${source}: --sn and --encoding hex, base64 or json must be given, found encoding "${found}"\n${DECODE_USAGE}`,
    );
  }
  return { capture: captureOf({ sn, encoding: encoding as Encoding, payload: text }, source), source };
}

async function readText(io: DecodeIo, path: string): Promise<string> {
  try {
    return await io.readFile(path);
  } catch (cause) {
    throw new InvalidInputError(`file "${path}"`, [errorText(cause)], { cause });
  }
}
