/** Stations that speak at their real rate, spread over the second, with payloads that were made before. */
import type { StationModel } from "../../commands/simulate/station_model.ts";
import type { RealWorld } from "../simulate/real_world.ts";

/** A running stream. */
export interface Stream {
  /** Payloads sent so far. */
  readonly sent: () => number;
  stop(): void;
}

/** How often the stream looks which stations are due, ms. */
const TURN_MS = 10;
/** The emulated cloud takes no more than this at once: beyond, it is the limit and not the product. */
const MOST_WAITING = 1000;

/**
 * Sends one payload a second for each station, as long as it runs; what was missed in a pause of the machine is sent
 * late, so the rate holds.
 *
 * @param perSecond Payloads a second for each station
 */
export function streamOf(
  world: RealWorld,
  models: ReadonlyMap<string, StationModel>,
  perSecond = 1,
): Stream {
  const stations = [...models].map(([sn, model]) => ({ sn, model, bytes: payloadsOf(world, sn, model) }));
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - startMs) / 1000 * perSecond * stations.length);
    for (; sent < due && world.cloudWaiting() < MOST_WAITING; sent++) {
      const station = stations[sent % stations.length];
      if (!station) return;
      const { sn, model, bytes } = station;
      world.sendRaw(sn, "property", model.now().gridPresent ? bytes.present : bytes.lost);
    }
  }, TURN_MS);
  return { sent: () => sent, stop: () => clearInterval(timer) };
}

/** The largest push of each moment: the display properties, which show the grid. */
function payloadsOf(world: RealWorld, sn: string, model: StationModel) {
  const was = model.now().gridPresent;
  const largest = (present: boolean) => {
    model.setGrid(present);
    return world.pushesOf(sn, model.now()).toSorted((a, b) => b.length - a.length)[0] ?? new Uint8Array();
  };
  const bytes = { present: largest(true), lost: largest(false) };
  model.setGrid(was);
  return bytes;
}
