/**
 * What must be remembered of commands over restarts. The ids of those that were obeyed: none is obeyed twice. And when shutdowns
 * were last undone: none that was issued before is obeyed after it.
 */
import * as v from "valibot";
import { errorText } from "../../lib/errors.ts";
import { integerIn, parseJson } from "../../lib/messages/parse.ts";
import type { TextStore } from "../../lib/files/text_file.ts";

/** The oldest ids are forgotten beyond this many; their commands have long expired. */
const KEPT = 1000;

const ids = v.array(v.string());
const schema = v.object({ ids, settled_ms: v.optional(integerIn(0, 8.64e15)) });
/** Older agents kept only the ids. */
const stored = v.union([v.pipe(ids, v.transform((ids): v.InferOutput<typeof schema> => ({ ids }))), schema]);

/** See the file comment. */
export class CommandMemory {
  readonly #ids: Set<string>;
  #settledMs: number | undefined;

  /** @param onTrouble Told when the store cannot be read or written; what this run heard is remembered all the same */
  constructor(private readonly store: TextStore, private readonly onTrouble: (text: string) => void) {
    const { ids, settled_ms } = this.#read();
    this.#ids = new Set(ids);
    this.#settledMs = settled_ms;
  }

  /** Whether a command was obeyed before. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Remembers one, before it is obeyed. */
  add(id: string): void {
    this.#ids.add(id);
    this.#write();
  }

  /** When the newest abort that was obeyed, or the newest plan "online", was issued: ms since 1970, by the daemon's clock. */
  get settledMs(): number | undefined {
    return this.#settledMs;
  }

  /** An abort was obeyed, or a plan says that all is well. @param issuedAt Absent: it does not say when */
  settle(issuedAt: string | undefined): void {
    const issuedMs = issuedAt === undefined ? NaN : Date.parse(issuedAt);
    if (!(issuedMs > (this.#settledMs ?? -1))) return;
    this.#settledMs = issuedMs;
    this.#write();
  }

  #write(): void {
    const kept = { ids: [...this.#ids].slice(-KEPT), settled_ms: this.#settledMs };
    try {
      this.store.write(JSON.stringify(kept));
    } catch (error) {
      this.onTrouble(`Cannot keep the ids of commands: ${errorText(error)}`);
    }
  }

  #read(): v.InferOutput<typeof schema> {
    try {
      const text = this.store.read();
      return text === undefined ? { ids: [] } : parseJson(stored, text, "the memory of commands");
    } catch (error) {
      this.onTrouble(`Cannot read the ids of commands: ${errorText(error)}`);
      return { ids: [] };
    }
  }
}
