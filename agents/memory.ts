/** The ids of commands that were obeyed, kept over restarts so that none is obeyed twice. */

/** Where the text is kept. */
export interface TextStore {
  /** undefined when nothing was kept yet. */
  read(): string | undefined;
  write(text: string): void;
}

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
      this.onTrouble(`Cannot keep the ids of commands: ${error instanceof Error ? error.message : error}`);
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
      this.onTrouble(`Cannot read the ids of commands: ${error instanceof Error ? error.message : error}`);
      return [];
    }
  }
}

/** A store in one file, replaced as a whole at each write. */
export function fileStore(path: string): TextStore {
  return {
    read() {
      try {
        return Deno.readTextFileSync(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    write(text) {
      const file = Deno.openSync(`${path}.new`, { write: true, create: true, truncate: true, mode: 0o600 });
      try {
        file.writeSync(new TextEncoder().encode(text));
        file.syncSync();
      } finally {
        file.close();
      }
      Deno.renameSync(`${path}.new`, path);
    },
  };
}
