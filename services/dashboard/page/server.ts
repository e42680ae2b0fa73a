/** How the page speaks with the dashboard: short questions, wishes, and the stream. */
import { reader } from "./language.ts";
import type { EventView, HistoryView, HouseView, SessionView, WishView } from "../page_contract.ts";

/** What the stream brings. */
export interface StreamEvents {
  onHouse(house: HouseView): void;
  onJournal(events: readonly EventView[]): void;
  onEntry(event: EventView): void;
  /** Anything came: the daemon speaks. */
  onWord(): void;
  /** It ended; it is opened again by itself. */
  onLost(): void;
}

/** A refusal, with what to do about it. */
export interface Refusal {
  readonly error: string;
  readonly status: number;
  /** Seconds to wait. */
  readonly retryS?: number;
}

/** A refusal for the reader: in his words where the page knows them, else in the daemon's. */
export function refusalText({ status, error, retryS }: Refusal): string {
  if (status === 0) return reader.say("unreachable");
  if (error === "That is not the password") return reader.say("wrong_password");
  return retryS === undefined ? `${error}.` : reader.say("too_many");
}

const RETRY_MS = 2000;
/** A request that takes longer is given up. */
const PATIENCE_MS = 20_000;

/** See the file comment. */
export class Server {
  #csrf: string | undefined;
  #stream: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** What this browser may do; undefined when the dashboard cannot be reached. */
  async session(): Promise<SessionView | undefined> {
    const found = await ask<SessionView>("/api/session");
    if ("error" in found) return undefined;
    this.#csrf = found.csrf;
    return found;
  }

  /** Logs in. */
  async login(password: string): Promise<SessionView | Refusal> {
    const answer = await this.#post<SessionView>("/api/login", { password });
    if (!("error" in answer)) this.#csrf = answer.csrf;
    return answer;
  }

  /** Logs out. */
  async logout(): Promise<void> {
    await this.#post("/api/logout", {});
    this.#csrf = undefined;
  }

  /** Asks to call a shutdown off. */
  abort(device: string): Promise<WishView | Refusal> {
    return this.#post<WishView>("/api/abort", { device });
  }

  /** Asks for a drill. */
  drill(device: string): Promise<WishView | Refusal> {
    return this.#post<WishView>("/api/drill", { device });
  }

  /** What there is of a station. */
  async history(device: string, hours: number): Promise<HistoryView | undefined> {
    const found = await ask<HistoryView>(`/api/history?device=${encodeURIComponent(device)}&hours=${hours}`);
    return "error" in found ? undefined : found;
  }

  /** Opens the stream, and opens it again whenever it ends. */
  open(events: StreamEvents): void {
    this.close();
    const stream = new EventSource("/api/live");
    this.#stream = stream;
    const take = <T>(name: string, tell: (value: T) => void) =>
      stream.addEventListener(name, ({ data }: MessageEvent<string>) => {
        events.onWord();
        tell(JSON.parse(data) as T);
      });
    take<HouseView>("house", (house) => events.onHouse(house));
    take<readonly EventView[]>("journal", (journal) => events.onJournal(journal));
    take<EventView>("entry", (entry) => events.onEntry(entry));
    stream.onerror = () => {
      this.close();
      this.#retry = setTimeout(() => events.onLost(), RETRY_MS);
    };
  }

  /** Closes the stream. */
  close(): void {
    clearTimeout(this.#retry);
    this.#stream?.close();
    this.#stream = undefined;
  }

  #post<T>(path: string, body: object): Promise<T | Refusal> {
    return ask<T>(path, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": this.#csrf ?? "" },
      body: JSON.stringify(body),
    });
  }
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T | Refusal> {
  try {
    const reply = await fetch(path, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });
    const value = await reply.json();
    if (reply.ok) return value as T;
    return { error: String(value.error ?? reply.statusText), status: reply.status, retryS: value.retry_s };
  } catch {
    return { error: "The dashboard cannot be reached", status: 0 };
  }
}
