/** The hosts of a station: who is protected and online, and when each last showed that it can go down. */
import type { HostView, HouseView, StationView } from "../../page_contract.ts";
import type { Surroundings } from "../../shown/freshness.ts";
import { wallMsIn } from "../../shown/glance.ts";
import { drillWords, hostWords, type Protection, protectionOf, type Tone } from "../../shown/labels.ts";
import { daemonWords } from "../../shown/daemon_words.ts";
import { hostIcon } from "../../shown/tone_icon.ts";
import type { TextKey } from "../../shown/texts/texts.ts";
import { typable } from "../../../../lib/text/typable.ts";
import { el, setText, show } from "../dom.ts";
import { icon } from "../icons.ts";
import { langOf, reader } from "../language.ts";

/** See the file comment. */
export class Hosts {
  readonly #list = el("ul", { class: "hosts" });
  readonly #none = el("p", { class: "quiet" });
  readonly #rows = new Map<string, HostRow>();
  /** What to put on the page. */
  readonly node = el("div", {}, this.#list, this.#none);

  /** Draws them for this moment. */
  update(house: HouseView, station: StationView, now: Surroundings): void {
    show(this.#list, station.hosts.length > 0);
    show(this.#none, station.hosts.length === 0);
    const command = typable("sudo ecoflow-power setup", house.installation);
    setText(this.#none, reader.say("no_hosts_next", { command }));
    for (const [agent, row] of this.#rows) {
      if (station.hosts.some((host) => host.agent === agent)) continue;
      row.node.remove();
      this.#rows.delete(agent);
    }
    const protection = protectionOf(house, station, now);
    for (const host of station.hosts) {
      const isStaged = station.hosts.some(({ stage }) => stage !== host.stage);
      let row = this.#rows.get(host.agent);
      if (!row) {
        row = new HostRow(host.agent);
        this.#rows.set(host.agent, row);
      }
      row.update(host, { house, now, protection, isStaged });
      if (row.node.parentElement !== this.#list) this.#list.append(row.node);
    }
  }
}

interface HostMoment {
  readonly house: HouseView;
  readonly now: Surroundings;
  readonly protection: Protection;
  /** Not all hosts of the station go at once. */
  readonly isStaged: boolean;
}

class HostRow {
  readonly #sign = el("span", {});
  readonly #what = el("span", { class: "what" });
  readonly #drill = el("span", { class: "quiet" });
  readonly #rows = el("dl", { class: "rows" });
  readonly #details = el("details", {}, el("summary", {}, reader.say("details")), this.#rows);
  readonly node: HTMLLIElement;
  #tone: Tone | undefined;
  #signShown = "";
  #shown = "";

  constructor(agent: string) {
    this.node = el(
      "li",
      { class: "host" },
      this.#sign,
      el("div", { class: "who" }, el("strong", {}, agent), this.#what, this.#drill, this.#details),
    );
  }

  update(host: HostView, { house, now, protection, isStaged }: HostMoment): void {
    const offInS = host.off_in_s === undefined ? 0 : Math.ceil(host.off_in_s - now.sinceSentS);
    const off = offInS > 0 ? { inS: offInS, atMs: wallMsIn(offInS, house, now) } : undefined;
    const { tone, text } = hostWords(reader, host, protection, off);
    const sign = hostIcon(tone, host);
    if (tone !== this.#tone || sign !== this.#signShown) {
      this.#tone = tone;
      this.#signShown = sign;
      this.node.className = `host tone-${tone}`;
      this.#sign.replaceChildren(icon(sign));
      // Why it refused is what its owner must know.
      if (host.state === "rejected") this.#details.open = true;
    }
    setText(this.#what, text);
    setText(this.#drill, `${reader.say("last_drill")}: ${drilled(host, house.now_ms)}`);
    this.#updateDetails(host, house.now_ms, isStaged);
  }

  #updateDetails(host: HostView, nowMs: number, isStaged: boolean): void {
    const said = host.off_in_s === undefined && host.detail ? daemonWords(reader, host.detail) : undefined;
    const rows: readonly (readonly [TextKey, string | undefined])[] = [
      [
        "last_shutdown",
        host.last_shutdown_at ? reader.when(host.last_shutdown_at, nowMs) : reader.say("none_seen"),
      ],
      ["stage", isStaged && host.stage !== undefined ? reader.number(host.stage) : undefined],
      ["host_name", host.hostname],
      ["system", host.os],
      ["said", said?.text],
    ];
    const key = JSON.stringify(rows);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#rows.replaceChildren(
      ...rows.flatMap(([name, value]) =>
        value === undefined ? [] : [el(
          "div",
          {},
          el("dt", {}, reader.say(name)),
          el("dd", { lang: name === "said" && said ? langOf(said) : undefined }, value),
        )]
      ),
    );
  }
}

function drilled({ last_drill: drill }: HostView, nowMs: number): string {
  if (!drill) return reader.say("none_seen");
  const { text } = drillWords(reader, drill);
  const how = drill.needs_s === undefined
    ? text
    : reader.say("drill_needs", { how: text, time: reader.duration(drill.needs_s) });
  return `${how} · ${reader.when(drill.at, nowMs)}`;
}
