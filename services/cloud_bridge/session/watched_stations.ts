/** Which stations are mirrored, and what is known about them. Pure but for its own memory. */
import type { StationList } from "../../../lib/messages/station_list.ts";
import type { AccountStation } from "../api/cloud_api.ts";
import type { RequestForm } from "../api/cloud_topics.ts";

const NOTHING: ReadonlyMap<string, unknown> = new Map();
const BOTH_FORMS: readonly RequestForm[] = ["protobuf", "json"];

/** What a device list brought to light; each station is told once. */
export interface ListFindings {
  /** Of the account, but not configured although others are: they are not mirrored. */
  readonly notWatched: readonly AccountStation[];
  /** Configured, but not of the account. */
  readonly notInAccount: readonly string[];
}

/** The configured stations; without any, all those of the account. */
export class WatchedStations {
  readonly #forms = new Map<string, Set<RequestForm>>();
  readonly #online = new Map<string, boolean>();
  readonly #told = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #configured: ReadonlyMap<string, { readonly sn: string; readonly name?: string }>;
  #account: ReadonlyMap<string, AccountStation> | undefined;

  /** @param mapped Names of the stations that hosts are mapped to */
  constructor(
    configured: readonly { readonly sn: string; readonly name?: string }[],
    private readonly mapped: readonly string[] = [],
  ) {
    this.#configured = new Map(configured.map((station) => [station.sn, station]));
  }

  /** Serial numbers of the mirrored stations. */
  get sns(): readonly string[] {
    return [...this.#watched.keys()];
  }

  /** Whether it is one of them. */
  isWatched(sn: string): boolean {
    return this.#watched.has(sn);
  }

  get #watched(): ReadonlyMap<string, unknown> {
    return this.#configured.size > 0 ? this.#configured : this.#account ?? NOTHING;
  }

  /** Takes a device list; undefined, because the cloud did not give one, leaves the last one as it is. */
  learn(account: readonly AccountStation[] | undefined): ListFindings {
    if (!account) return { notWatched: [], notInAccount: [] };
    const listed = new Map(account.map((station) => [station.sn, station]));
    this.#account = listed;
    for (const { sn, online } of account) if (online !== undefined) this.#online.set(sn, online);
    const isNews = (sn: string) => !this.#told.has(sn) && this.#told.add(sn);
    return {
      notWatched: account.filter(({ sn }) => !this.isWatched(sn) && isNews(sn)),
      notInAccount: this.sns.filter((sn) => !listed.has(sn) && isNews(sn)),
    };
  }

  /**
   * What hosts hang on, or the owner listed, and the account does not have: nobody there is protected. Empty while no list was
   * ever read. Where stations are listed, a name that is none of theirs may be fed by somebody else: the start says so.
   */
  get missing(): readonly string[] {
    const account = this.#account;
    // Accounts that others share their stations with may be given an empty list: it proves nothing.
    if (!account || account.size === 0) return [];
    if (this.#configured.size > 0) {
      return [...this.#configured.values()].flatMap(({ sn, name }) =>
        this.#isInAccount(sn) === false ? [name === undefined ? sn : `${name} (${sn})`] : []
      );
    }
    const names = new Set([...account.values()].map(({ sn, name }) => name ?? sn));
    return this.mapped.filter((name) => !names.has(name) && !account.has(name));
  }

  /** Undefined: no list was ever read, or one that proves nothing. */
  #isInAccount(sn: string): boolean | undefined {
    if (this.#account?.has(sn) || this.#forms.has(sn) || this.#answered.has(sn)) return true;
    return this.#account === undefined || this.#account.size === 0 ? undefined : false;
  }

  /** What the cloud says of a station. @returns whether that is news */
  setOnline(sn: string, online: boolean): boolean {
    if (this.#online.get(sn) === online) return false;
    this.#online.set(sn, online);
    return true;
  }

  /** The cloud answered for a station: it is of the account, whatever the list says. */
  answered(sn: string): void {
    this.#answered.add(sn);
  }

  /** A station was heard: it is there, whatever an older list says. @returns whether that is news */
  heard(sn: string, form: RequestForm | undefined): boolean {
    if (form) this.#forms.set(sn, (this.#forms.get(sn) ?? new Set()).add(form));
    return this.#online.get(sn) === false && this.setOnline(sn, true);
  }

  /**
   * How a station is asked for its whole state: in the form in which it speaks. As long as it has not spoken, in both: each kind of
   * station ignores the other's form.
   */
  formsOf(sn: string): readonly RequestForm[] {
    return [...this.#forms.get(sn) ?? BOTH_FORMS];
  }

  /** The list for the house. `online` is what the cloud said last, absent when it said nothing. */
  toList(): StationList {
    const others = [...this.#account?.values() ?? []].filter(({ sn }) => !this.isWatched(sn));
    return {
      ...(others.length === 0 ? {} : {
        not_watched: others.map(({ sn, name }) => ({ sn, ...(name === undefined ? {} : { name }) })),
      }),
      stations: this.sns.map((sn) => {
        const known = this.#account?.get(sn);
        const name = this.#configured.get(sn)?.name ?? known?.name;
        const [productName, online] = [known?.productName, this.#online.get(sn)];
        const inAccount = this.#isInAccount(sn);
        return {
          sn,
          ...(name === undefined ? {} : { name }),
          ...(productName === undefined ? {} : { product_name: productName }),
          ...(online === undefined ? {} : { online }),
          ...(inAccount === false ? { in_account: false } : {}),
        };
      }),
    };
  }
}
