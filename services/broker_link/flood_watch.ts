/** Keeps one sender's flood from the services, and tells the owner who it is. */
import type { JournalEvent } from "../../lib/messages/event.ts";
import type { MqttMessage } from "../../lib/mqtt/client.ts";
import type { Topics } from "../../lib/mqtt/topics.ts";
import type { HostedParts } from "../../lib/workers/worker_host.ts";
import { FloodGuard } from "./flood_guard.ts";

/** What is held back of a flood is looked at this often, ms. */
const RELEASE_EVERY_MS = 100;
/** The code of the condition that holds while somebody floods, and the kind of its journal entry. */
export const FLOOD_CODE = "broker_flooded";

/** What the watch does with what it lets through and has to say. */
export interface FloodHandlers {
  onMessage(message: MqttMessage): void;
  journal(event: Pick<JournalEvent, "kind" | "severity" | "text">): void;
}

/** See the file comment. */
export class FloodWatch {
  readonly #guard: FloodGuard;
  #isStopped = false;
  #cancelRelease: (() => void) | undefined;

  constructor(
    topics: Topics,
    private readonly parts: Pick<HostedParts, "clock" | "log" | "health">,
    private readonly handlers: FloodHandlers,
  ) {
    this.#guard = new FloodGuard(topics);
  }

  /** A message came from the broker. */
  receive(message: MqttMessage): void {
    if (this.#isStopped) return;
    const { passes, isNews } = this.#guard.take(message, this.parts.clock.monoMs());
    if (passes) return this.handlers.onMessage(message);
    if (isNews) this.#tell();
    this.#cancelRelease ??= this.parts.clock.every(RELEASE_EVERY_MS, () => this.#release());
  }

  /** Lets nothing more through. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelRelease?.();
  }

  #release(): void {
    const { clock, log } = this.parts;
    for (const message of this.#guard.release(clock.monoMs())) this.handlers.onMessage(message);
    const calmed = this.#guard.calmed(clock.monoMs());
    for (const { sender, dropped } of calmed) log.notice("FLOOD ENDED", { sender, dropped });
    if (calmed.length > 0) this.#show();
    if (!this.#guard.isHolding && this.#guard.flooding.length === 0) {
      this.#cancelRelease?.();
      this.#cancelRelease = undefined;
    }
  }

  #tell(): void {
    const sender = this.#guard.flooding.at(-1)?.sender ?? "";
    this.parts.log.warn("FLOOD: only a share of its messages is read", { sender });
    this.#show();
    this.handlers.journal({ kind: FLOOD_CODE, severity: "warning", text: textOf([sender]) });
  }

  #show(): void {
    const { health } = this.parts;
    const senders = this.#guard.flooding.map(({ sender }) => sender);
    if (senders.length === 0) health.clear(FLOOD_CODE);
    else health.raise({ code: FLOOD_CODE, severity: "warning", text: textOf(senders) });
  }
}

function textOf(senders: readonly string[]): string {
  const shown = senders.slice(0, 5).map((sender) => `"${sender}"`).join(", ");
  const more = senders.length > 5 ? ` and ${senders.length - 5} more` : "";
  return `${shown}${more} sends more than its share: the newest is heard, the rest is dropped; look at that host`
    .slice(0, 500);
}
