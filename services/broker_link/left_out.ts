/** Messages that were too large to be taken: who reads their topics knows nothing of them, and the owner is told. */
import type { JournalEvent } from "../../lib/messages/event.ts";
import { MAX_PACKET_BYTES } from "../../lib/mqtt/packet_filter.ts";
import type { HostedParts } from "../../lib/workers/worker_host.ts";

/** The code of the condition that holds while a topic's last message was left out, and the kind of its journal entry. */
export const LEFT_OUT_CODE = "message_left_out";
/** So many topics are remembered, and one line each in the log. */
const TOPICS_LIMIT = 100;
const SHOWN_CHARACTERS = 80;

/** See the file comment. */
export class LeftOut {
  /** Topics whose last message was left out, with its size in bytes. */
  readonly #topics = new Map<string, number>();
  /** Topics that were told of: a kept message comes again with every subscription. */
  readonly #told = new Set<string>();

  constructor(
    private readonly parts: Pick<HostedParts, "log" | "health">,
    private readonly journal: (event: Pick<JournalEvent, "kind" | "severity" | "text">) => void,
  ) {}

  /** One was left out. */
  note(topic: string, bytes: number): void {
    if (this.#topics.size >= TOPICS_LIMIT && !this.#topics.has(topic)) return;
    this.#topics.set(topic, bytes);
    this.#show();
    if (this.#told.has(topic) || this.#told.size >= TOPICS_LIMIT) return;
    this.#told.add(topic);
    const text = textOf([[topic, bytes]]);
    this.parts.log.warn("MESSAGE LEFT OUT", { text });
    this.journal({ kind: LEFT_OUT_CODE, severity: "warning", text });
  }

  /** A message of this topic was taken. */
  taken(topic: string): void {
    if (!this.#topics.delete(topic)) return;
    this.#told.delete(topic);
    this.#show();
  }

  /** A new connection: what the broker still keeps comes again. */
  connected(): void {
    this.#topics.clear();
    this.#show();
  }

  #show(): void {
    const { health } = this.parts;
    if (this.#topics.size === 0) health.clear(LEFT_OUT_CODE);
    else health.raise({ code: LEFT_OUT_CODE, severity: "error", text: textOf([...this.#topics]) });
  }
}

function textOf(topics: readonly (readonly [string, number])[]): string {
  const shown = topics.slice(0, 3).map(([topic, bytes]) =>
    `"${topic.slice(0, SHOWN_CHARACTERS).toWellFormed()}${
      topic.length > SHOWN_CHARACTERS ? "…" : ""
    }" (${bytes} bytes)`
  );
  const more = topics.length > shown.length ? ` and ${topics.length - shown.length} more` : "";
  return `a message of more than ${MAX_PACKET_BYTES} bytes is not read, and nothing is known of what it says: find who sends it, ` +
    `clear the topic (mosquitto_pub -r -n -t TOPIC), set message_size_limit at the broker; ${
      shown.join(", ")
    }${more}`;
}
