/** The last raw number of every field that a model's table asks for, with its time. */

/** Raw numbers by slot. Partial updates merge here: what a message does not carry keeps its value and its age. */
export class Readings {
  readonly #values: Float64Array;
  readonly #atMonoMs: Float64Array;
  readonly #payload: Uint32Array;
  #payloadNumber = 0;

  /** @param slots How many fields there are */
  constructor(slots: number) {
    this.#values = new Float64Array(slots).fill(NaN);
    this.#atMonoMs = new Float64Array(slots);
    this.#payload = new Uint32Array(slots);
  }

  /** What is set from now on belongs to one new payload. */
  beginPayload(): void {
    this.#payloadNumber++;
  }

  /** Takes a number that a message carried. */
  set(slot: number, value: number, atMonoMs: number): void {
    this.#values[slot] = value;
    this.#atMonoMs[slot] = atMonoMs;
    this.#payload[slot] = this.#payloadNumber;
  }

  /** The last number; undefined when none was ever sent. */
  get(slot: number): number | undefined {
    const value = this.#values[slot];
    return value === undefined || Number.isNaN(value) ? undefined : value;
  }

  /** When that was, monotonic ms; meaningless while {@link Readings.get} is undefined. */
  atMonoMs(slot: number): number {
    return this.#atMonoMs[slot] ?? 0;
  }

  /** Whether the payload that is being read carried it. */
  isInPayload(slot: number): boolean {
    return this.#payloadNumber > 0 && this.#payload[slot] === this.#payloadNumber;
  }
}
