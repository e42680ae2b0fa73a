/** The ids of commands that were obeyed, kept over restarts so that none is obeyed twice. */
import { errorText } from "../lib/errors.ts";
import type { TextStore } from "../lib/text_file.ts";

/** The oldest ids are forgotten beyond this many; their commands have long expired. */
const KEPT = 1000;

/** See the file comment. */
export class CommandMemory {
  readonly #ids: Set<string>;

  /** @param onTrouble Told when the store cannot be read or written; the ids of this run are remembered all the same */
  constructor(private readonly store: TextStore, private readonly onTrouble: (text: string) => void) {
    this.#ids = new Set(this.#read());
  }

  /** Whether a command was obeyed before. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Remembers one, before it is obeyed. */
  add(id: string): void {
    this.#ids.add(id);
    const kept = [...this.#ids].slice(-KEPT);
    try {
      this.store.write(JSON.stringify(kept));
    } catch (error) {
      this.onTrouble(`Cannot keep the ids of commands: ${errorText(error)}`);
    }
  }

  #read(): string[] {
    try {
      const text = this.store.read();
      if (text === undefined) return [];
      const value: unknown = JSON.parse(text);
      if (Array.isArray(value) && value.every((id) => typeof id === "string")) return value;
      throw new SyntaxError("must be a list of ids");
    } catch (error) {
      this.onTrouble(`Cannot read the ids of commands: ${errorText(error)}`);
      return [];
    }
  }
}
