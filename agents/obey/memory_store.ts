/** A text in memory, where an agent otherwise has a file. */
import type { TextStore } from "../../lib/files/text_file.ts";

/** A store in memory, for tests and rehearsals that leave nothing behind. */
export function memoryStore(text?: string): TextStore & { text: string | undefined } {
  const store = {
    text,
    read: () => store.text,
    write: (next: string) => void (store.text = next),
  };
  return store;
}
