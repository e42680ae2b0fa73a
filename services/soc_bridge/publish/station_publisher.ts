/** One station between the broker and the pure {@link PowerStation}. */
import type { Bus, PublishOptions } from "../../../lib/workers/bus.ts";
import type { Clock } from "../../../lib/time/clock.ts";
import { errorText } from "../../../lib/errors.ts";
import { encodePowerState, type PowerState } from "../../../lib/messages/power_state.ts";
import type { Topics } from "../../../lib/mqtt/topics.ts";
import type { Accepted, Link, PowerStation } from "../judge/power_station.ts";
import { isDraining } from "../judge/cable_drain.ts";
import { gridUntoldMonoMs } from "../judge/grid.ts";
import { isUrgentNews } from "../judge/urgent.ts";
import { addReading, type Cable, CABLE_STALE_MS, noteCloud, weigh } from "../judge/weigh.ts";
import type { SourceReading } from "../../../lib/messages/source_reading.ts";
import { isAnotherSerial } from "../../../lib/nut/serial.ts";
import { CableLog } from "./cable_log.ts";
import type { Gathering } from "../../../lib/time/gathering.ts";
import { QuestionPace } from "./question_pace.ts";
import { GATHER_MS, heartbeatMs, isDue } from "./state_pace.ts";
import { type LogParts, StationLog } from "./station_log.ts";

/** What a publisher needs of its service. */
export interface PublisherParts extends LogParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly topics: Topics;
  readonly publishRawJson: boolean;
  /** The states of all stations that may wait for each other. */
  readonly gathering: Gathering<StationPublisher>;
  /** The station's present name in topics. */
  device(): string;
  /** Told when its next {@link StationPublisher.tick} matters, monotonic ms, each time that this is sooner than before. */
  dueAt(monoMs: number): void;
  /** Only its cable speaks for it: it has no serial number, no model of ours, and nobody else to ask. */
  readonly isCableOnly?: boolean;
}

/** Payloads kept while the model's table is being compiled. */
const MAX_EARLY = 64;

/** See the file comment. */
export class StationPublisher {
  readonly #log: StationLog;
  readonly #cableLog: CableLog;
  #station: PowerStation | undefined;
  /** What the station's cable last said; undefined: it has none, or it never spoke. */
  #cable: Cable | undefined;
  #early: { payload: Uint8Array; topic: string }[] = [];
  #device: string;
  #published: PowerState | undefined;
  /** The name that the serial number's topic points to; undefined: it does not. */
  #pointsTo: string | undefined;
  #publishedMonoMs = -Infinity;
  readonly #questions = new QuestionPace();
  /** When the whole state was last looked at. */
  #lookedMonoMs = -Infinity;
  #wasCableLive = false;
  /** The serial number of another station that its cable last said, and until when that counts; absent: it said none such. */
  #another: { readonly serial: string; readonly atMonoMs: number } | undefined;
  /** Something may differ from what was published, besides ages. */
  #isTouched = true;

  constructor(readonly sn: string, private readonly parts: PublisherParts) {
    this.#device = parts.device();
    this.#log = new StationLog(sn, parts);
    this.#cableLog = new CableLog(parts);
  }

  /** The name that is in use. */
  get device(): string {
    return this.#device;
  }

  /** Alive or not; stale before the table is compiled. */
  get link(): Link {
    return this.#isCableLive ? "live" : this.#cloudLink;
  }

  get #isCableLive(): boolean {
    return this.#cable !== undefined &&
      this.parts.clock.monoMs() - this.#cable.spokeMonoMs <= CABLE_STALE_MS;
  }

  /** The same by the cloud alone. */
  get #cloudLink(): Link {
    return this.#station?.link(this.parts.clock.monoMs()) ?? "stale";
  }

  /** Whether the table was guessed by two letters and is not confirmed. */
  get isModelGuess(): boolean {
    return this.#station?.isModelGuess ?? false;
  }

  /** Whether the live cloud contradicts the station's cable. */
  get isDisputed(): boolean {
    return this.#published?.source_disagreement === true;
  }

  /** Whether its charge falls while its live cable alone says "on line". */
  get isDrainingOnLine(): boolean {
    return this.#isCableLive && isDraining(this.#cable?.drain);
  }

  /** Whether its cable says the serial number of another station: what it says is not believed. */
  get hasAnothersCable(): boolean {
    return this.#another !== undefined &&
      this.parts.clock.monoMs() - this.#another.atMonoMs <= CABLE_STALE_MS;
  }

  /** Whether this is a power station at all, and not a plug or a panel. */
  get isProtecting(): boolean {
    return this.#station?.model.spec.role === "station";
  }

  /** The table is ready: payloads that came before are read now. */
  begin(station: PowerStation, isCloudDown: boolean): void {
    this.#station = station;
    if (isCloudDown) station.setOffline("cloud", this.parts.clock.monoMs());
    for (const { payload, topic } of this.#early.splice(0)) this.take(payload, topic);
    this.#touched();
    if (this.#cloudLink !== "live") this.#askIf(this.#questions.isDue(this.parts.clock.monoMs()));
  }

  /** Takes a payload from the raw topic. */
  take(payload: Uint8Array, topic: string): void {
    const station = this.#station;
    if (!station) {
      if (this.#early.length < MAX_EARLY) this.#early.push({ payload, topic });
      return;
    }
    let accepted: Accepted;
    try {
      accepted = station.accept(payload, this.parts.clock.monoMs(), `MQTT topic "${topic}"`);
    } catch (error) {
      return this.parts.refusals.note(topic, errorText(error));
    }
    this.#log.payload(this.#device, accepted, station.grid, topic);
    if (this.parts.publishRawJson) this.#publishRawJson(accepted);
    if (accepted.values > 0 || accepted.online !== undefined) this.#touched();
    // A reading that waits for confirmation is worth a question now, not at the next keep-alive.
    const { pending, doubt } = station.grid;
    const now = this.parts.clock.monoMs();
    if ((pending && !pending.isAlone) || accepted.socHeld !== undefined) {
      this.#askIf(this.#questions.isDue(now));
    } else if (pending || doubt || accepted.isGridDenied) {
      this.#askIf(this.#questions.isDueByDoubt(now));
    }
  }

  /**
   * Takes what the station's cable says.
   *
   * @param heldUpMs How long it was on its way
   */
  takeSource(reading: SourceReading, heldUpMs: number): void {
    const atMonoMs = this.parts.clock.monoMs() - heldUpMs;
    if (this.#cable && atMonoMs < this.#cable.spokeMonoMs) return;
    const nowMonoMs = this.parts.clock.monoMs();
    if (this.#isAnothers(reading.serial, nowMonoMs)) return;
    const station = this.#station;
    const cloudGrid = station?.isFresh(nowMonoMs) && !station.grid.pending ? station.grid.present : undefined;
    this.#cable = addReading(this.#cable, reading, atMonoMs, cloudGrid);
    this.#lookedMonoMs = -Infinity;
    this.#touched();
    this.#cableLog.flapping(this.#device, reading.flapping === true);
    this.#cableLog.draining(this.#device, isDraining(this.#cable.drain) ? this.#cable.drain : undefined);
  }

  /**
   * Whether a reading is of another station: two batteries in one state, and the fuller one would keep the hosts of the other up.
   * A driver that then says no serial number, as at its start, has not become ours by that.
   */
  #isAnothers(serial: string | undefined, nowMonoMs: number): boolean {
    const said = serial ?? (this.hasAnothersCable ? this.#another?.serial : undefined);
    const isAnother = !this.parts.isCableOnly && isAnotherSerial(said, this.sn);
    this.#another = isAnother && said !== undefined ? { serial: said, atMonoMs: nowMonoMs } : undefined;
    this.#cableLog.another(this.#device, this.sn, this.#another?.serial, nowMonoMs);
    return isAnother;
  }

  /** The connection to the cloud went, or came back. */
  setCloudDown(isDown: boolean): void {
    if (isDown) this.#station?.setOffline("cloud", this.parts.clock.monoMs());
    else this.#station?.clearOffline("cloud");
    this.#touched();
  }

  /** The account's list says "offline"; the station's own fresh messages weigh more. */
  cloudLostStation(): void {
    if (this.#cloudLink === "live") return;
    this.#station?.setOffline("station", this.parts.clock.monoMs());
    this.#touched();
  }

  /**
   * The first half of a change of names: the old topic is emptied. Every station does this before any takes its new name,
   * because that may be what another one was called.
   */
  leaveOldName(): void {
    if (this.parts.device() === this.#device || !this.#published) return;
    this.#send(this.parts.topics.state(this.#device), "", { retain: true });
    this.#published = undefined;
  }

  /** The second half: the station's state goes to its present name. */
  takeNewName(): void {
    const device = this.parts.device();
    if (device === this.#device) return;
    this.parts.log.notice("STATION NAMED", { sn: this.sn, from: this.#device, to: device });
    this.#device = device;
    this.#touched();
  }

  /** Its grid waits for a confirmation, or for a doubt to be settled. */
  get #isDoubted(): boolean {
    const grid = this.#station?.grid;
    return grid?.doubt !== undefined || grid?.pending !== undefined;
  }

  /** When time alone may change what it says or asks, monotonic ms: a tick before that does nothing. */
  get dueMonoMs(): number {
    const station = this.#station;
    if (!station) return Infinity;
    if (this.#isDoubted) return -Infinity;
    const { grid } = station;
    const cableMonoMs = this.#isCableLive && this.#cable
      ? this.#cable.spokeMonoMs + CABLE_STALE_MS
      : Infinity;
    if (this.#cloudLink !== "live") return Math.min(this.#saysMonoMs, cableMonoMs + 1);
    const untoldMonoMs = gridUntoldMonoMs(grid, this.parts.clock.monoMs());
    // At its limit a station is live still.
    const agesMonoMs = Math.min(cableMonoMs, station.liveUntilMonoMs, untoldMonoMs) + 1;
    return Math.min(this.#saysMonoMs, agesMonoMs, this.#questions.gridQuestionMonoMs(grid));
  }

  /** When it is to be published next, were nothing to happen, monotonic ms. */
  get #saysMonoMs(): number {
    // Whoever waits for others is called.
    if (this.parts.gathering.has(this)) return Infinity;
    return this.#isTouched
      ? Math.max(this.#lookedMonoMs, this.#publishedMonoMs) + GATHER_MS
      : this.#publishedMonoMs + heartbeatMs(this.link);
  }

  /** It has waited for others long enough. */
  tellGathered(): void {
    this.#touched({ hasWaited: true });
  }

  /** Publishes when it is time, because ages change by themselves; called every second, or when it is due. */
  tick(): void {
    const grid = this.#station?.grid;
    if (grid && this.#cloudLink === "live") {
      this.#askIf(this.#questions.isDueByGrid(grid, this.parts.clock.monoMs()));
    }
    const waitedMs = this.parts.clock.monoMs() - this.#publishedMonoMs;
    const isCableLive = this.#isCableLive;
    // A cable that falls silent hands over to the cloud by time alone.
    const isSame = this.#published?.link === this.link && !this.#isTouched &&
      isCableLive === this.#wasCableLive;
    this.#wasCableLive = isCableLive;
    if (isSame && waitedMs < heartbeatMs(this.link)) return;
    this.#touched();
  }

  #touched({ hasWaited = false } = {}): void {
    const wasTouched = this.#isTouched;
    const didWait = hasWaited || this.parts.gathering.has(this);
    this.#isTouched = true;
    const before = this.#published;
    this.#look(hasWaited);
    const now = this.#published;
    // The conditions of the service's health name it, or name it no more.
    const isOther = now?.link !== before?.link || now?.model_guess !== before?.model_guess;
    // All else that is due comes no sooner than was told before; of whoever waited nothing was.
    if (isOther || this.#isDoubted) this.parts.dueAt(-Infinity);
    else if (didWait || (this.#isTouched && !wasTouched)) this.parts.dueAt(this.dueMonoMs);
  }

  #look(hasWaited: boolean): void {
    const station = this.#station;
    if (!station) return;
    const now = this.parts.clock.monoMs();
    if (!hasWaited && this.#published && !isUrgentNews(station.urgent(now), this.#published)) {
      // A station that speaks many times a second is not worth a look each time.
      if (now - this.#lookedMonoMs < GATHER_MS) return;
      // What a cable says is urgent as well, and only the look tells.
      if (!this.#cable && !this.parts.gathering.admits(this)) return;
    }
    this.parts.gathering.leave(this);
    this.#lookedMonoMs = now;
    const state = this.#state(station);
    const waitedMs = now - this.#publishedMonoMs;
    if (isDue(state, this.#published, waitedMs)) this.#publish(state);
    else if (waitedMs >= GATHER_MS) this.#isTouched = false;
  }

  /** The broker was away: what was published meanwhile is lost. */
  publishAgain(): void {
    this.#pointsTo = undefined;
    if (this.#station && this.#published) this.#publish(this.#state(this.#station));
  }

  /** The station is gone for good: the broker keeps nothing of it any more. */
  clear(): void {
    this.parts.gathering.leave(this);
    this.#published = undefined;
    if (this.#pointsTo !== undefined) {
      this.#send(this.parts.topics.stationName(this.sn), "", { retain: true });
    }
    this.#pointsTo = undefined;
    this.#send(this.parts.topics.state(this.#device), "", { retain: true });
  }

  /** The last state, no longer live. */
  publishAsStale(): void {
    if (!this.#station) return;
    const state = this.#state(this.#station);
    this.#sendState({ ...state, link: state.link === "live" ? "stale" : state.link });
  }

  #state(station: PowerStation): PowerState {
    const now = this.parts.clock.monoMs();
    const state = station.state(this.#device, now, this.parts.clock.wallMs());
    if (this.#cable) this.#cable = noteCloud(this.#cable, state, now);
    if (!this.parts.isCableOnly) return weigh(state, this.#cable, now);
    const { sn: _, model: __, ...rest } = state;
    return weigh(rest, this.#cable, now);
  }

  #publish(state: PowerState): void {
    this.#log.link(state);
    this.#log.doubts(state);
    if (this.#cable) this.#cableLog.note(state, this.#isCableLive, this.parts.clock.monoMs());
    this.#published = state;
    this.#publishedMonoMs = this.parts.clock.monoMs();
    this.#isTouched = false;
    this.#sendState(state);
    this.#point();
  }

  /** Whoever knows the serial number alone finds the state under its name. */
  #point(): void {
    const { topics } = this.parts;
    const wanted = this.#device === this.sn ? undefined : this.#device;
    if (wanted === this.#pointsTo) return;
    this.#pointsTo = wanted;
    const pointer = wanted === undefined
      ? ""
      : JSON.stringify({ sn: this.sn, device: wanted, state_topic: topics.state(wanted) });
    this.#send(topics.stationName(this.sn), pointer, { retain: true });
  }

  #sendState(state: PowerState): void {
    this.#send(this.parts.topics.state(this.#device), encodePowerState(state), { retain: true });
  }

  /** Asks the station for its whole state. @param isDue Whether it is time; not before that */
  #askIf(isDue: boolean): void {
    if (isDue && !this.parts.isCableOnly) this.#send(this.parts.topics.refresh(this.sn), "");
  }

  #publishRawJson({ messages }: Accepted): void {
    try {
      const text = JSON.stringify({
        device: this.#device,
        sn: this.sn,
        ts: new Date(this.parts.clock.wallMs()).toISOString(),
        messages: messages.map((m) => ({
          cmd_func: m.cmd_func,
          cmd_id: m.cmd_id,
          name: m.name,
          fields: m.fields(),
          pdata_hex: m.pdata?.toHex(),
        })),
        unknown: this.#log.unknownPairs,
      });
      this.#send(this.parts.topics.rawJson(this.#device), text);
    } catch (error) {
      // Arrays can be nested deeper than JSON can be written.
      this.parts.refusals.note(this.sn, errorText(error));
    }
  }

  /** What cannot be sent is noted and never stops the station. */
  #send(topic: string, payload: string, options?: PublishOptions): void {
    this.parts.bus.publish(topic, payload, options)
      .catch((error) => this.parts.refusals.note(topic, errorText(error)));
  }
}
