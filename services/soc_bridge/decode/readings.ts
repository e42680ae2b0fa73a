/** The last raw number of every field that a model's table asks for, with its time. */

/**
 * Raw numbers by slot. Partial updates merge here: what a message does not carry keeps its value and its age. Numbers of one
 * payload wait until all of it is read, because a payload may turn out to be none.
 */
export class Readings {
  readonly #values: Float64Array;
  readonly #before: Float64Array;
  readonly #atMonoMs: Float64Array;
  readonly #payload: Uint32Array;
  readonly #waiting: Float64Array;
  readonly #shown = new Set<number>();
  readonly #untoldSince: Float64Array;
  #newestMonoMs = 0;
  #batteryMissingMonoMs = -Infinity;
  /** Reused for every payload; what lies beyond the count is from before. */
  readonly #waitingSlots: number[] = [];
  #waitingCount = 0;
  #payloadNumber = 0;

  /** @param slots How many fields there are */
  constructor(slots: number) {
    this.#values = new Float64Array(slots).fill(NaN);
    this.#before = new Float64Array(slots).fill(NaN);
    this.#atMonoMs = new Float64Array(slots);
    this.#payload = new Uint32Array(slots);
    this.#waiting = new Float64Array(slots).fill(NaN);
    this.#untoldSince = new Float64Array(slots).fill(NaN);
  }

  /** What is put from now on belongs to one new payload. */
  beginPayload(): void {
    this.#payloadNumber++;
    this.#waitingCount = 0;
  }

  /** Notes a number that a message carried; it counts from {@link Readings.commit} on. */
  put(slot: number, value: number): void {
    this.#waiting[slot] = value;
    this.#waitingSlots[this.#waitingCount++] = slot;
  }

  /** Whether a number waits in this slot. */
  isWaiting(slot: number): boolean {
    for (let i = 0; i < this.#waitingCount; i++) if (this.#waitingSlots[i] === slot) return true;
    return false;
  }

  /** How many numbers wait; a slot counts twice when two messages of the payload have it. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** The slot of a number that waits, in the order read. @param at 0 to {@link Readings.waitingCount} - 1 */
  waitingSlot(at: number): number {
    return this.#waitingSlots[at] ?? -1;
  }

  /** The number that waits in a slot of {@link Readings.waitingSlot}. */
  waitingValue(slot: number): number {
    return this.#waiting[slot] ?? NaN;
  }

  /** Takes all that waits. */
  commit(atMonoMs: number): void {
    for (let i = 0; i < this.#waitingCount; i++) {
      const slot = this.waitingSlot(i);
      this.set(slot, this.#waiting[slot] ?? NaN, atMonoMs);
    }
    this.#waitingCount = 0;
  }

  /** Takes of what waits only the slots that are named, and drops the rest. @returns how many were taken */
  commitOnly(slots: ReadonlySet<number>, atMonoMs: number): number {
    let taken = 0;
    for (let i = 0; i < this.#waitingCount; i++) {
      const slot = this.waitingSlot(i);
      if (!slots.has(slot)) continue;
      this.set(slot, this.#waiting[slot] ?? NaN, atMonoMs);
      taken++;
    }
    this.#waitingCount = 0;
    return taken;
  }

  /** Drops all that waits. */
  discard(): void {
    this.#waitingCount = 0;
  }

  /** Takes a number that a message carried. */
  set(slot: number, value: number, atMonoMs: number): void {
    if (this.#payload[slot] !== this.#payloadNumber) this.#before[slot] = this.#values[slot] ?? NaN;
    this.#values[slot] = value;
    this.#atMonoMs[slot] = atMonoMs;
    this.#payload[slot] = this.#payloadNumber;
    this.#untoldSince[slot] = NaN;
    this.#newestMonoMs = atMonoMs;
  }

  /** The last number; undefined when none was ever sent. */
  get(slot: number): number | undefined {
    return known(this.#values[slot]);
  }

  /** The number before the one that {@link Readings.isInPayload} is true of; undefined when it was the first. */
  before(slot: number): number | undefined {
    return known(this.#before[slot]);
  }

  /** Notes that a field has shown the grid once. */
  noteShown(slot: number): void {
    this.#shown.add(slot);
  }

  /** Whether the field has ever shown the grid. */
  hasShown(slot: number): boolean {
    return this.#shown.has(slot);
  }

  /** Takes back {@link Readings.noteShown}. */
  forgetShown(slot: number): void {
    this.#shown.delete(slot);
  }

  /**
   * Notes that a field was missing in a payload where it was looked for.
   *
   * @returns for how long it is, ms; the next number of it begins anew
   */
  noteUntold(slot: number): number {
    const since = this.#untoldSince[slot] ?? NaN;
    if (!Number.isNaN(since)) return this.#newestMonoMs - since;
    this.#untoldSince[slot] = this.#newestMonoMs;
    return 0;
  }

  /**
   * Looks at what was told last of the fields that are all 0 while the battery has not reported: a message may leave out some of
   * them, and what they said before is of another time.
   */
  noteBattery(slots: readonly number[]): void {
    let newestMonoMs = -Infinity;
    let isZero = false;
    for (const slot of slots) {
      const raw = this.get(slot);
      const atMonoMs = this.atMonoMs(slot);
      if (raw === undefined || atMonoMs < newestMonoMs) continue;
      isZero = raw === 0 && (isZero || atMonoMs > newestMonoMs);
      newestMonoMs = atMonoMs;
    }
    if (isZero) this.#batteryMissingMonoMs = this.#newestMonoMs;
  }

  /** When the battery had last not reported, monotonic ms: what was said up to then without one is nothing; -Infinity: never. */
  get batteryMissingMonoMs(): number {
    return this.#batteryMissingMonoMs;
  }

  /** When the last number came, monotonic ms; meaningless while {@link Readings.get} is undefined. */
  atMonoMs(slot: number): number {
    return this.#atMonoMs[slot] ?? 0;
  }

  /** Whether the payload that is being read carried any of some fields. */
  isAnyInPayload(slots: readonly number[]): boolean {
    for (const slot of slots) if (this.isInPayload(slot)) return true;
    return false;
  }

  /** Whether the payload that is being read carried it. */
  isInPayload(slot: number): boolean {
    return this.#payloadNumber > 0 && this.#payload[slot] === this.#payloadNumber;
  }
}

function known(value: number | undefined): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}
