/** How far a shutdown has come, kept on disk so that it goes on after a restart of the agent. */
import * as v from "valibot";
import { errorText } from "../../lib/errors.ts";
import { integerIn, numberIn, parseJson, textUpTo } from "../../lib/messages/parse.ts";
import type { TextStore } from "../../lib/files/text_file.ts";

const schema = v.object({
  id: textUpTo(64),
  source: v.picklist(["command", "plan"]),
  boot_id: textUpTo(100),
  delay_sec: integerIn(0, 86_400),
  phase: v.picklist(["preparing", "waiting", "shutting_down"]),
  step: integerIn(0, 10_000),
  tries: integerIn(0, 1000),
  due_uptime_ms: v.optional(numberIn(0, 1e13)),
  watched_uptime_ms: numberIn(0, 1e13),
});

/**
 * A shutdown under way. `step` is the preparation that runs (from 0) and `tries` how often it was begun;
 * `due_uptime_ms` is when the host goes off, absent while it prepares;
 * `watched_uptime_ms` when this was written. It only counts in the boot `boot_id`.
 */
export type RunRecord = v.InferOutput<typeof schema>;

/** See the file comment. */
export class RunRecords {
  constructor(private readonly store: TextStore, private readonly onTrouble: (text: string) => void) {}

  /** The shutdown that was under way when the agent of this boot ended, if any. */
  load(bootId: string): RunRecord | undefined {
    try {
      const text = this.store.read();
      if (text === undefined || text === "") return undefined;
      const record = parseJson(schema, text, "the record of the last shutdown");
      return record.boot_id === bootId ? record : undefined;
    } catch (error) {
      this.onTrouble(errorText(error));
      return undefined;
    }
  }

  /** @param record undefined when nothing is under way any more */
  save(record: RunRecord | undefined): void {
    try {
      this.store.write(record === undefined ? "" : JSON.stringify(record));
    } catch (error) {
      this.onTrouble(`Cannot keep the record of a shutdown: ${errorText(error)}`);
    }
  }
}
