/** Which UPS entries a client sees: appliances ask for fixed names, so the same name may mean different entries. Pure. */
import { AddressList } from "./access/addresses.ts";
import type { NutUps } from "./access/nut_house.ts";

/** The configured entries with their lists of clients. */
export class UpsEntries {
  readonly #entries: readonly { readonly ups: NutUps; readonly clients?: AddressList }[];

  constructor(upses: readonly NutUps[]) {
    this.#entries = upses.map((ups) => ({
      ups,
      ...(ups.clients ? { clients: new AddressList(ups.clients) } : {}),
    }));
  }

  /** The entries for a client: of each name the first that lists its address, else the one for everybody. */
  for(address: string): readonly NutUps[] {
    const chosen = new Map<string, NutUps>();
    for (const { ups, clients } of this.#entries) {
      const name = ups.name.toLowerCase();
      const known = chosen.get(name);
      if (clients ? clients.has(address) && !known?.clients : !known) chosen.set(name, ups);
    }
    return [...chosen.values()];
  }
}
