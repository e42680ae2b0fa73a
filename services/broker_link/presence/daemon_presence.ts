/**
 * The daemon's place on the broker: says that it is there, corrects a false message about it, and notices another daemon in
 * its place or on its topics. The connection is the service's.
 */
import type { JournalEvent } from "../../../lib/messages/event.ts";
import { encodeOrchestratorStatus } from "../../../lib/messages/orchestrator_status.ts";
import type { MqttMessage } from "../../../lib/mqtt/client.ts";
import type { HostedParts } from "../../../lib/workers/worker_host.ts";
import { type HeardPresence, tryPresence } from "./heard_presence.ts";
import { PresenceGuard } from "./presence_guard.ts";
import { SECOND_DAEMON_CODE, SECOND_REMEMBERED_MS, SecondDaemon, secondDaemonText } from "./second_daemon.ts";
import { takenOverText, Takeovers, UNDISTURBED_MS } from "./takeovers.ts";

/** Said when nobody asks any more, and left behind as our last will. */
export const GOODBYE = encodeOrchestratorStatus({ online: false });

/**
 * We say that we are there once more when another that came at the same time listens by then, and now and then after: statuses are said
 * when they change, and two that are well and quiet would never hear of each other, ms.
 */
const SAY_AGAIN_MS = { first: 15_000, then: SECOND_REMEMBERED_MS / 2 };

/** What the service does for it. */
export interface PresenceHandlers {
  /** Puts a presence on the broker, if there is a connection; a refusal is the service's to tell of. */
  publish(presence: string): Promise<void>;
  /** Leaves the connection with this goodbye, and comes back after so long, ms. */
  giveWay(awayMs: number, goodbye: string): void;
  /** Gives up the commands that wait: another has sent them meanwhile. */
  abandonCommands(): void;
  journal(event: Pick<JournalEvent, "kind" | "severity" | "text">): void;
}

/** See the file comment. */
export class DaemonPresence {
  readonly #guard = new PresenceGuard();
  readonly #takeovers = new Takeovers();
  readonly #second = new SecondDaemon();
  #said = encodeOrchestratorStatus({ online: true });
  /** The mark of this process; undefined before it has one. */
  #ownMark: string | undefined;
  #isUp = false;
  #connections = 0;
  /** Another was seen at this connection: its presence comes once for each filter that fits it. */
  #isTwinSeen = false;
  /** The owner is to be told of another when we may speak again. */
  #isTwinUntold = false;
  #cancelCorrection: (() => void) | undefined;
  #cancelUndisturbed: () => void = () => {};
  #cancelSecond: () => void = () => {};
  #cancelAgain: () => void = () => {};

  constructor(
    private readonly clientId: string,
    private readonly parts: Pick<HostedParts, "clock" | "log" | "health">,
    private readonly handlers: PresenceHandlers,
  ) {}

  /** Another status of this daemon: said at once when there is a connection. */
  set(presence: string): void {
    this.#said = presence;
    this.#ownMark = tryPresence(presence)?.instance;
    if (this.#isUp) void this.say();
  }

  /** Says that we are there. */
  say(): Promise<void> {
    return this.handlers.publish(this.#said);
  }

  /**
   * A connection is up, and nothing was heard on it yet.
   *
   * @returns whether another may have had our place meanwhile: look who stands there before the services speak
   */
  connected(): boolean {
    this.#isUp = true;
    this.#isTwinSeen = false;
    this.#guard.connected();
    this.#second.connected(this.parts.clock.monoMs());
    if (this.#takeovers.isSeen) this.#afterTakeover();
    this.#sayAgainIn(SAY_AGAIN_MS.first);
    return ++this.#connections > 1;
  }

  /** We may speak: the owner is told what could not be told before. */
  opened(): void {
    if (this.#isTwinUntold) this.#tellOfTwin();
  }

  /** The connection is gone, or we leave it. */
  disconnected(): void {
    this.#isUp = false;
    this.#cancelUndisturbed();
    this.#cancelAgain();
  }

  /** The broker says that it has thrown us out for another. @returns how long to stay away at least, ms */
  thrownOut(): number {
    if (!this.#takeovers.isSeen) this.#isTwinUntold = true;
    const waitMs = this.#takeovers.thrownOut();
    this.#noteTaken();
    return waitMs;
  }

  /** A message on our presence topic. */
  hear({ payload, retained }: Pick<MqttMessage, "payload" | "retained">): void {
    const heard = tryPresence(payload);
    if (retained) this.#lookForTwin(heard);
    this.#guardOwn(heard);
    if (!retained) this.#lookForSecond(heard);
  }

  /** Nothing more is said. */
  stop(): void {
    this.disconnected();
    this.#cancelSecond();
    this.#cancelCorrection?.();
  }

  #sayAgainIn(ms: number): void {
    this.#cancelAgain();
    this.#cancelAgain = this.parts.clock.after(ms, () => {
      void this.say();
      this.#sayAgainIn(SAY_AGAIN_MS.then);
    });
  }

  /** At the first connection of this process a presence may be left over from the one before. */
  #lookForTwin(heard: HeardPresence | undefined): void {
    const isFirstLook = this.#isUp && this.#connections > 1 && !this.#isTwinSeen;
    const twin = isFirstLook ? this.#takeovers.look(heard, this.#ownMark) : undefined;
    if (!twin) return;
    this.#isTwinSeen = true;
    if (twin.kind === "goes_on") {
      this.#noteTaken();
      return this.#tellOfTwin();
    }
    this.#noteTaken(twin.awayMs);
    this.disconnected();
    // The other one takes our place again, and then says that it is there.
    this.handlers.giveWay(twin.awayMs, encodeOrchestratorStatus({ online: false, instance: this.#ownMark }));
  }

  #noteTaken(givesWayMs?: number): void {
    const { health, log } = this.parts;
    const text = takenOverText(this.clientId);
    health.raise({ code: "client_id_taken", severity: "error", text });
    log.error("CLIENT ID TAKEN", { text, gives_way_ms: givesWayMs });
  }

  #tellOfTwin(): void {
    const text = takenOverText(this.clientId);
    this.#isTwinUntold = false;
    this.handlers.journal({ kind: "client_id_taken", severity: "warning", text });
  }

  /** Whoever had our place has sent the commands meanwhile: ours, if any wait, would double them. */
  #afterTakeover(): void {
    const { clock, health } = this.parts;
    this.handlers.abandonCommands();
    this.#cancelUndisturbed = clock.after(UNDISTURBED_MS, () => {
      this.#takeovers.undisturbed();
      health.clear("client_id_taken");
    });
  }

  /** One with our client id is told of as such. */
  #lookForSecond(heard: HeardPresence | undefined): void {
    const { clock, health, log } = this.parts;
    if (this.#takeovers.isSeen) return;
    const isNews = this.#second.hear(heard, this.#ownMark, clock.monoMs());
    if (this.#second.isThere(clock.monoMs())) {
      this.#cancelSecond();
      this.#cancelSecond = clock.after(SECOND_REMEMBERED_MS, () => health.clear(SECOND_DAEMON_CODE));
    }
    if (!isNews) return;
    const text = secondDaemonText(heard?.hostName);
    health.raise({ code: SECOND_DAEMON_CODE, severity: "error", text });
    log.error("SECOND DAEMON", { text });
    this.handlers.journal({ kind: SECOND_DAEMON_CODE, severity: "warning", text });
  }

  /** Nobody else may say that the daemon is gone: hosts would act alone, and the owner would believe it. */
  #guardOwn(heard: HeardPresence | undefined): void {
    const { clock, log } = this.parts;
    const waitMs = this.#guard.hear(heard, clock.monoMs());
    if (waitMs === undefined || this.#cancelCorrection) return;
    this.#cancelCorrection = clock.after(waitMs, () => {
      this.#cancelCorrection = undefined;
      if (!this.#isUp) return;
      const times = this.#guard.correct(clock.monoMs());
      // Our own last will comes as what the broker kept for us and as what it keeps for all, or late.
      if (times === 3 || times % 100 === 0) {
        log.warn("PRESENCE FORGED: somebody says that we are gone", { times });
      }
      void this.say();
    });
  }
}
