/** What the broker does not let us do: each once, with what it costs and what to do. Pure. */
import type { HealthCondition } from "../../lib/health.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";
import { matchesFilter, type Topics } from "../../lib/mqtt/topics.ts";

/** What was refused. */
export type RefusedAction = "publish" | "subscribe";

/** The code of the condition that holds while something is refused. */
export const REFUSED_CODE = "broker_refuses_topics";
/** At most this many are remembered; a broker that refuses everything needs no longer list. */
export const REFUSALS_LIMIT = 200;
/** So many topics are named in a text. */
const NAMED = 5;

/** See the file comment. */
export class Refusals {
  /** `publish topic` or `subscribe filter`, in the order in which they came. */
  readonly #held = new Map<string, { readonly action: RefusedAction; readonly topic: string }>();
  readonly #commandFilter: string;

  /** @param user Our user name at the broker, for the cure */
  constructor(topics: Pick<Topics, "command">, private readonly user: string | undefined) {
    this.#commandFilter = topics.command("+");
  }

  /** The broker refused. @returns whether that is news */
  note(action: RefusedAction, topic: string): boolean {
    const key = `${action} ${topic}`;
    if (this.#held.has(key) || this.#held.size >= REFUSALS_LIMIT) return false;
    this.#held.set(key, { action, topic });
    return true;
  }

  /** The broker let it pass. @returns whether it had been refused before */
  pass(action: RefusedAction, topic: string): boolean {
    return this.#held.size > 0 && this.#held.delete(`${action} ${topic}`);
  }

  /** How many are refused now. */
  get size(): number {
    return this.#held.size;
  }

  /** The subscriptions that are refused now. */
  get filters(): readonly string[] {
    return [...this.#held.values()].flatMap(({ action, topic }) => action === "subscribe" ? [topic] : []);
  }

  /** What one refusal costs. */
  costOf(action: RefusedAction, topic: string): string {
    if (action === "subscribe") return "what is said there is not heard";
    if (!matchesFilter(this.#commandFilter, topic)) return "what the daemon says there reaches nobody";
    const host = topic.split("/").at(-2) ?? "";
    return `A SHUTDOWN DOES NOT REACH ${host}`;
  }

  /** What to do about one refusal. */
  cureOf(action: RefusedAction, topic: string): string {
    const right = `topic ${action === "publish" ? "write" : "read"} ${topic}`;
    const who = this.user === undefined ? "anonymous clients" : `user ${this.user}`;
    return `give the broker's ${who} this line in its access list: "${right}"; with the broker of the package: ` +
      "ecoflow-power broker refresh";
  }

  /** The condition that holds now; undefined: nothing is refused. */
  get condition(): HealthCondition | undefined {
    const text = this.#text();
    return text === undefined ? undefined : { code: REFUSED_CODE, severity: "error", text };
  }

  /** For the journal, and so for the owner's phone; undefined: nothing is refused. */
  get event(): Pick<JournalEvent, "kind" | "severity" | "text"> | undefined {
    const text = this.#text();
    if (text === undefined) return undefined;
    const isDanger = [...this.#held.values()].some(({ action, topic }) =>
      action === "publish" && matchesFilter(this.#commandFilter, topic)
    );
    return { kind: REFUSED_CODE, severity: isDanger ? "danger" : "warning", text };
  }

  /** Commands come first: they cost a host. */
  #text(): string | undefined {
    const isCommand = (topic: string) => matchesFilter(this.#commandFilter, topic);
    const all = [...this.#held.values()].sort((a, b) =>
      Number(isCommand(b.topic)) - Number(isCommand(a.topic))
    );
    const [first] = all;
    if (!first) return undefined;
    const named = all.slice(0, NAMED).map(({ action, topic }) => `${action} "${topic}"`).join(", ");
    const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : "";
    const costs = this.costOf(first.action, first.topic);
    const text = `the broker does not let us ${named}${more}: ${costs}; `;
    const cure = this.cureOf(first.action, first.topic);
    return `${text.slice(0, 500 - Math.min(cure.length, 300))}${cure}`.slice(0, 500);
  }
}
