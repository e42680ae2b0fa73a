/** Cables of stations that have one already, under the other of name and serial number: what they say is not believed, and told. */
import type { ServiceContext } from "../../../lib/workers/service.ts";
import { CABLE_STALE_MS } from "../judge/weigh.ts";

/** See the file comment. */
export class SecondCables {
  readonly #heard = new Map<
    string,
    { readonly text: string; readonly station: string; readonly atMonoMs: number }
  >();

  constructor(private readonly parts: Pick<ServiceContext<unknown>, "log" | "health" | "clock">) {}

  /** A reading of `device` came for a station whose cable is `first`. @param station Its name in topics */
  heard(device: string, first: string, station: string): void {
    const { log, clock } = this.parts;
    if (this.#heard.get(device)?.station !== station) {
      log.warn("CABLE OF A STATION THAT HAS ONE", { device, believed: first, station });
    }
    const text = `${station} ("${first}", not "${device}")`;
    this.#heard.set(device, { text, station, atMonoMs: clock.monoMs() });
  }

  /** Says in the health which of them speak now. */
  tell(): void {
    const { health, clock } = this.parts;
    const now = [...this.#heard.values()].filter(({ atMonoMs }) =>
      clock.monoMs() - atMonoMs <= CABLE_STALE_MS
    );
    if (now.length === 0) return health.clear("source_twice");
    const text = `NUT_SOURCES_JSON gives one station two servers, and the first alone is believed: ${
      now.map((one) => one.text).join(", ")
    }`;
    health.raise({ code: "source_twice", severity: "warning", text: text.slice(0, 500) });
  }
}
