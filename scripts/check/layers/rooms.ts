/**
 * The floors inside the services that have rooms. A room knows its own floor and those below; circles are found by
 * `circles.ts`. Pure.
 */

/** Rooms of a service from the top floor to the ground; "." is every file of the service's own folder not named here. */
export const FLOORS: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ["policy_engine", [
    ["."],
    ["requests", "io", "snapshot"],
    ["house.ts"],
    ["hosts"],
    ["outage"],
    ["witness"],
    ["rules"],
  ]],
  ["soc_bridge", [["."], ["publish"], ["judge"], ["decode"], ["models"]]],
  ["broker_link", [["."], ["presence"]]],
  ["nut_server", [["."], ["protocol"], ["ups"], ["access"]]],
]);

/** What is wrong with an import inside one service, as a sentence; undefined when nothing is. */
export function roomProblem(file: string, target: string): string | undefined {
  const [from, to] = [placeOf(file), placeOf(target)];
  const floors = FLOORS.get(from?.service ?? "");
  if (!from || !to || !floors || from.service !== to.service) return undefined;
  const floorOf = ({ room }: Place) => floors.findIndex((rooms) => rooms.includes(room));
  const [own, other] = [floorOf(from), floorOf(to)];
  if (own < 0 || other < 0) {
    const { room } = own < 0 ? from : to;
    return `the room "${room}" of ${from.service} stands on no floor in scripts/check/layers/rooms.ts`;
  }
  return own > other ? `${from.service}/${from.room} is below ${to.room} and must not know it` : undefined;
}

interface Place {
  readonly service: string;
  readonly room: string;
}

function placeOf(path: string): Place | undefined {
  const [top, service, first, ...rest] = path.split("/");
  if (top !== "services" || service === undefined || first === undefined) return undefined;
  const isRoom = rest.length > 0 || FLOORS.get(service)?.flat().includes(first);
  return { service, room: isRoom ? first : "." };
}
