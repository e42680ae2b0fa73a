/** `nut_source`: asks NUT servers for stations by cable, and says what they answer as a source of each station. */
import { errorText } from "../../lib/errors.ts";
import { encodeSourceReading } from "../../lib/messages/source_reading.ts";
import { type TopicRoots, topicsUnder } from "../../lib/mqtt/topics.ts";
import { type ListNut, listOverTcp } from "../../lib/nut/client.ts";
import { isAnotherSerial } from "../../lib/nut/serial.ts";
import { readUpsVars } from "../../lib/nut/ups_vars.ts";
import type { NutSource } from "../../lib/config/nut_sources.ts";
import type { Service, ServiceContext } from "../../lib/workers/service.ts";
import { type Confirmed, NOTHING_SAID, stepConfirmed } from "./confirm.ts";

/** The service's slice of the configuration. */
export interface NutSourceConfig {
  readonly roots: TopicRoots;
  readonly sources: readonly NutSource[];
  /** How often each server is asked, ms: 2000 to 5000. */
  readonly pollMs: number;
}

/** An answer takes no longer than this, ms; nor longer than a poll. */
export const LIST_LIMIT_MS = 2500;

/** Makes the service. */
export function createNutSource(context: ServiceContext<NutSourceConfig>): Service {
  return new NutSourceService(context);
}

/** See the file comment. */
export class NutSourceService implements Service {
  readonly #said = new Map<NutSource, Confirmed>();
  readonly #asking = new Map<NutSource, AbortController>();
  readonly #silent = new Map<NutSource, string>();
  #cancel = () => {};
  #isStopped = false;

  constructor(
    private readonly context: ServiceContext<NutSourceConfig>,
    private readonly list: ListNut = listOverTcp,
  ) {}

  start(): Promise<void> {
    const pollAll = () => {
      for (const source of this.context.config.sources) void this.#poll(source);
    };
    this.#cancel = this.context.clock.every(this.context.config.pollMs, pollAll);
    pollAll();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    for (const asking of this.#asking.values()) asking.abort();
    return Promise.resolve();
  }

  async #poll(source: NutSource): Promise<void> {
    if (this.#asking.has(source)) return;
    const { clock, log, config } = this.context;
    const asking = new AbortController();
    this.#asking.set(source, asking);
    const cancel = clock.after(Math.min(LIST_LIMIT_MS, config.pollMs), () => {
      asking.abort(new Error("no answer in time"));
    });
    try {
      const reading = readUpsVars(await this.list(source, asking.signal), source.ups);
      if (this.#isStopped) return;
      if (isAnotherSerial(reading.serial, source.serial)) {
        throw new Error(`its serial number is "${reading.serial}", wanted "${source.serial}"`);
      }
      if (this.#silent.delete(source)) log.notice("SOURCE ANSWERS AGAIN", { device: source.device });
      const before = this.#said.get(source) ?? NOTHING_SAID;
      const said = stepConfirmed(before, reading.grid, clock.monoMs());
      this.#said.set(source, said);
      if (said.isFlapping !== before.isFlapping) {
        log.warn(said.isFlapping ? "SOURCE FLAPS" : "SOURCE STEADY AGAIN", { device: source.device });
      }
      const isUsable = said.grid !== undefined && !said.isFlapping;
      await this.context.bus.publish(
        topicsUnder(config.roots).source(source.device),
        encodeSourceReading({
          source: "nut",
          grid: isUsable ? said.grid : undefined,
          soc: reading.soc,
          discharge_min: said.grid === false ? reading.dischargeMin : undefined,
          out_watts: reading.outWatts,
          in_volts: reading.inVolts,
          temp_celsius: reading.tempCelsius,
          model: reading.model,
          serial: source.serial === undefined ? reading.serial : undefined,
          flapping: said.isFlapping ? true : undefined,
          evidence: `ups.status=${reading.status}`,
          ts: new Date(clock.wallMs()).toISOString(),
        }),
      );
    } catch (error) {
      if (this.#isStopped) return;
      if (!this.#silent.has(source)) {
        log.warn("SOURCE SILENT", { device: source.device, reason: errorText(error) });
      }
      this.#silent.set(source, errorText(error));
    } finally {
      cancel();
      this.#asking.delete(source);
      if (!this.#isStopped) this.#tellHealth();
    }
  }

  #tellHealth(): void {
    const { health, config } = this.context;
    const texts = config.sources.flatMap((source) => {
      const silent = this.#silent.get(source);
      if (silent !== undefined) return [`"${source.device}" by cable is silent: ${silent}`];
      return this.#said.get(source)?.isFlapping
        ? [`"${source.device}" by cable changes between OL and OB too often to be believed`]
        : [];
    });
    if (texts.length === 0) return health.clear("source_unsure");
    health.raise({ code: "source_unsure", severity: "warning", text: texts.join("; ").slice(0, 500) });
  }
}
