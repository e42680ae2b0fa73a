/** The open pages: each gets the whole house when it changes and every two seconds, and each event when it comes. */
import type { Cancel, Clock } from "../../../lib/time/clock.ts";
import type { EventSink } from "../http/message.ts";
import type { EventView, HouseView } from "../page_contract.ts";
import { findRoom } from "../http/places.ts";

/** As long as nothing changes, real ms. Pages call a longer silence a lost connection. */
export const HEARTBEAT_MS = 2000;
/** Changes within this time are sent together, real ms. */
const GATHER_MS = 250;
/** How many pages may be open. */
export const MAX_PAGES = 100;
/** A page that opens gets so many events. */
const FIRST_EVENTS = 100;

/** What the pages are told. */
export interface LiveParts {
  readonly clock: Clock;
  readonly view: () => HouseView;
  readonly events: () => readonly EventView[];
  /** Whether somebody from this network is logged in. */
  readonly hasLogin: (network: string) => boolean;
}

interface Page {
  readonly sink: EventSink;
  /** Whether it may still look. */
  readonly isAllowed: () => boolean;
  /** See `networkOf`. */
  readonly network: string;
  /** A page is never idle: it is being told all the time. */
  readonly isIdle: false;
}

/** See the file comment. */
export class LivePages {
  readonly #pages = new Set<Page>();
  #cancelBeat: Cancel = () => {};
  #cancelPush: Cancel | undefined;

  constructor(private readonly parts: LiveParts) {}

  /** Begins to send. */
  start(): void {
    const { clock } = this.parts;
    this.#cancelBeat = clock.every(HEARTBEAT_MS * clock.speed, () => this.#push());
  }

  /** Ends every page. May be called twice. */
  stop(): void {
    this.#cancelBeat();
    this.#cancelPush?.();
    this.#cancelPush = undefined;
    for (const { sink } of this.#pages) sink.close();
  }

  /** Open pages. */
  get size(): number {
    return this.#pages.size;
  }

  /** Whether one more page fits; the page of a network with many may make room for it. */
  makeRoom(network: string): boolean {
    const limits = { total: MAX_PAGES, perNetwork: MAX_PAGES };
    const room = findRoom(network, [...this.#pages], this.parts.hasLogin, limits);
    if (room.kind === "displace") {
      this.#pages.delete(room.who);
      room.who.sink.close();
    }
    return room.kind !== "none";
  }

  /** Takes a page in; returns what to call when it is gone. */
  add(sink: EventSink, { network, isAllowed }: Pick<Page, "network" | "isAllowed">): () => void {
    const page: Page = { sink, network, isAllowed, isIdle: false };
    this.#pages.add(page);
    sink.send(eventText("journal", this.parts.events().slice(-FIRST_EVENTS)));
    sink.send(eventText("house", this.parts.view()), "house");
    return () => void this.#pages.delete(page);
  }

  /** Something changed: it will be sent soon, together with what changes next. */
  changed(): void {
    if (this.#cancelPush || this.#pages.size === 0) return;
    const { clock } = this.parts;
    this.#cancelPush = clock.after(GATHER_MS * clock.speed, () => this.#push());
  }

  /** An event came. */
  tell(event: EventView): void {
    if (this.#pages.size === 0) return;
    const text = eventText("entry", event);
    for (const { sink } of this.#pages) sink.send(text);
  }

  #push(): void {
    this.#cancelPush?.();
    this.#cancelPush = undefined;
    if (this.#pages.size === 0) return;
    const text = eventText("house", this.parts.view());
    for (const page of this.#pages) {
      if (page.isAllowed()) page.sink.send(text, "house");
      else page.sink.close();
    }
  }
}

/** JSON has no line ends of its own, so one data line will do. */
function eventText(name: string, value: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}
