/** What must survive a restart: this installation's id, and when it logged in. Two small files in the state directory. */
import { renameSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { errorText } from "../../../lib/errors.ts";
import { parseJson } from "../../../lib/messages/parse.ts";
import { textFile } from "../../../lib/files/text_file.ts";
import { loginWaitMs, withLogin } from "./login_budget.ts";

const UUID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;
const identitySchema = v.object({ uuid: v.pipe(v.string(), v.regex(UUID, "must be an upper-case UUID")) });
const loginsSchema = v.object({ at_ms: v.pipe(v.array(v.number()), v.maxLength(1000)) });

/** The installation's id. */
export interface Identity {
  readonly uuid: string;
  /** Why a new one was made although there was a file; absent in the normal case. */
  readonly remark?: string;
}

/**
 * Reads the installation's id, or makes and stores one.
 *
 * A damaged file is kept as `identity.json.damaged`, and a new id is made. An id that cannot be stored is not used: it
 * would be another one at each restart, and EcoFlow locks an account out after about ten a day.
 *
 * @throws Error when the id cannot be stored
 */
export function loadIdentity(stateDir: string, makeUuid: () => string = () => crypto.randomUUID()): Identity {
  const path = join(stateDir, "identity.json");
  const text = tryReadText(path);
  let remark: string | undefined;
  if (text !== undefined) {
    try {
      return parseJson(identitySchema, text, `file "${path}"`);
    } catch (error) {
      remark = `${errorText(error)}; kept as identity.json.damaged, a new client id was made`;
      renameSync(path, `${path}.damaged`);
    }
  }
  const uuid = makeUuid().toUpperCase();
  writeWhole(path, JSON.stringify({ uuid }));
  return { uuid, remark };
}

/** The log-ins of the last day, kept over restarts: a daemon that crashes in a loop must not log in in a loop. */
export class LoginJournal {
  readonly #path: string;
  #pastWallMs: number[];

  constructor(stateDir: string) {
    this.#path = join(stateDir, "log_ins.json");
    this.#pastWallMs = readLogins(this.#path);
  }

  /** The wait until the next log-in is allowed, ms; 0 when it is allowed now. */
  waitMs(nowWallMs: number): number {
    return loginWaitMs(this.#pastWallMs, nowWallMs);
  }

  /** Notes a log-in. @throws Error when it cannot be stored: it counts in this run all the same */
  note(nowWallMs: number): void {
    this.#pastWallMs = withLogin(this.#pastWallMs, nowWallMs);
    writeWhole(this.#path, JSON.stringify({ at_ms: this.#pastWallMs }));
  }
}

/** A file that cannot be read says nothing: the log-ins of this run are counted all the same. */
function readLogins(path: string): number[] {
  try {
    return parseJson(loginsSchema, tryReadText(path) ?? '{"at_ms":[]}', path).at_ms;
  } catch {
    return [];
  }
}

function tryReadText(path: string): string | undefined {
  try {
    return textFile(path).read();
  } catch (error) {
    throw new Error(`Cannot read "${path}": ${errorText(error)}`, { cause: error });
  }
}

/** The whole new text or the whole old one, whenever the power goes. */
function writeWhole(path: string, text: string): void {
  try {
    textFile(path).write(`${text}\n`);
  } catch (error) {
    throw new Error(`Cannot store "${path}": ${errorText(error)}`, { cause: error });
  }
}
