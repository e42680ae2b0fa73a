/** The file with the password's hash: read anew now and then, because the command that writes it is another process. */
import type { Clock } from "../../lib/time/clock.ts";
import { textFile } from "../../lib/files/text_file.ts";

/** How long a reading holds, ms. */
const HOLDS_MS = 2000;

/** See the file comment. */
export class PasswordFile {
  #line: string | undefined;
  #readMonoMs = -Infinity;

  /** @param onChange The password is another one, or gone: nobody's log-in holds any longer */
  constructor(
    private readonly path: string,
    private readonly clock: Clock,
    private readonly onChange: () => void,
  ) {}

  /** The hash, or undefined when there is no password. @throws Error when the file is there and cannot be read */
  line(): string | undefined {
    const now = this.clock.monoMs();
    if (now - this.#readMonoMs < HOLDS_MS * this.clock.speed) return this.#line;
    const isFirst = this.#readMonoMs === -Infinity;
    const before = this.#line;
    this.#line = textFile(this.path).read()?.trim() || undefined;
    this.#readMonoMs = now;
    if (!isFirst && this.#line !== before) this.onChange();
    return this.#line;
  }
}
