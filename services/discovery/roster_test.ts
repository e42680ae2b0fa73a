import assert from "node:assert/strict";
import type { PowerState } from "../../lib/messages/power_state.ts";
import { silentAfterSec } from "./availability.ts";
import { stationId } from "./ids.ts";
import { GONE_AFTER_MS, Roster } from "./roster.ts";

const SN = "R651ZAB1ST5H0001";
const OTHER = "R651ZAB1ST5H0002";
const ID = stationId(SN, "Study");
const LIVE: PowerState = { device: "Study", sn: SN, soc: 50, link: "live", age_s: 1 };
const fresh = (nowMonoMs: number) => ({ retained: false, nowMonoMs });
const kept = (nowMonoMs: number) => ({ retained: true, nowMonoMs });
const never = () => false;

function roster(stations: readonly { sn: string; name?: string }[] = []) {
  return new Roster({ stations, staleAfterSec: 120 });
}

Deno.test("Roster.state() shows a station that is heard live, and not one that the broker only keeps", () => {
  const one = roster();
  assert.equal(one.state("Study", LIVE, kept(0)), undefined);
  assert.deepEqual(one.ids, []);
  assert.equal(one.state("Study", LIVE, fresh(1)), ID);
  assert.deepEqual(one.ids, [ID]);
});

Deno.test("Roster.state() shows a configured or listed station from what the broker keeps, as silent", () => {
  const configured = roster([{ sn: SN, name: "Study" }]);
  const listed = roster();
  listed.list({ stations: [{ sn: SN }] });
  for (const one of [configured, listed]) {
    one.state("Study", LIVE, kept(0));
    assert.deepEqual(one.ids, [ID]);
    assert.equal(one.standing(ID, 0), "silent");
  }
});

const standings: readonly [what: string, state: PowerState, atMs: number, standing: string][] = [
  ["live at once", LIVE, 0, "live"],
  ["live 1 ms before the pace of a live station is missed", LIVE, 34_999, "live"],
  ["silent when it is missed", LIVE, 35_000, "silent"],
  ["heard while stale", { ...LIVE, link: "stale" }, 149_999, "heard"],
  ["heard while offline", { ...LIVE, link: "offline" }, 1, "heard"],
  ["silent when a stale one is not spoken of any more", { ...LIVE, link: "stale" }, 150_000, "silent"],
  ["live with a feeder that tells no link", { device: "Study", sn: SN }, 119_999, "live"],
  ["silent when such a feeder stops", { device: "Study", sn: SN }, 120_000, "silent"],
];
for (const [what, state, atMs, standing] of standings) {
  Deno.test(`Roster.standing() is ${what}`, () => {
    const one = roster([{ sn: SN }]);
    one.state("Study", state, fresh(0));
    assert.equal(one.standing(ID, atMs), standing);
  });
}

Deno.test("silentAfterSec() is never longer than the limit of the house for a live station", () => {
  assert.equal(silentAfterSec("live", 30), 30);
  assert.equal(silentAfterSec("live", 3600), 35);
});

Deno.test("Roster.takeGone() takes a station that left the list, after the hold and not before", () => {
  const one = roster();
  one.list({ stations: [{ sn: SN }, { sn: OTHER }] });
  one.state("Study", LIVE, fresh(0));
  one.list({ stations: [{ sn: OTHER }] });
  // What is still said of it is not live.
  one.state("Study", { ...LIVE, link: "offline" }, fresh(1000));
  assert.deepEqual(one.takeGone(2000), []);
  assert.deepEqual(one.takeGone(2000 + GONE_AFTER_MS - 1), []);
  assert.deepEqual(one.takeGone(2000 + GONE_AFTER_MS), [ID]);
  one.state("Study", { ...LIVE, link: "offline" }, fresh(2001 + GONE_AFTER_MS));
  assert.ok(!one.ids.includes(ID));
});

Deno.test("Roster.takeGone() takes nothing when the cloud fails: no list, or an empty one", () => {
  const one = roster();
  one.list({ stations: [{ sn: SN }] });
  one.state("Study", LIVE, fresh(0));
  one.list({ stations: [] });
  one.state("Study", { ...LIVE, link: "offline" }, fresh(1000));
  assert.deepEqual([...one.takeGone(2000), ...one.takeGone(1e9)], []);
  const restarted = roster();
  restarted.remember(ID, { name: "Study", platforms: new Map([["soc", "sensor"]]) }, never);
  restarted.list({ stations: [] });
  assert.deepEqual([...restarted.takeGone(0), ...restarted.takeGone(1e9)], []);
  assert.deepEqual(restarted.ids, [ID]);
});

Deno.test("Roster.takeGone() takes a station of an earlier run that is no longer configured", () => {
  const one = roster([{ sn: OTHER }]);
  one.remember(ID, { name: "Study", platforms: new Map() }, never);
  assert.deepEqual(one.takeGone(0), []);
  assert.deepEqual(one.takeGone(GONE_AFTER_MS), [ID]);
});

Deno.test("Roster.takeGone() never takes one that is heard live, whoever leaves it out of the list", () => {
  const one = roster();
  one.list({ stations: [{ sn: OTHER }] });
  for (let atMs = 0; atMs <= 3 * GONE_AFTER_MS; atMs += 10_000) {
    one.state("Study", LIVE, fresh(atMs));
    assert.deepEqual(one.takeGone(atMs + 1), []);
  }
});

Deno.test("Roster.state() follows a station to its new name, and not back to the old one's leftover", () => {
  const one = roster([{ sn: SN }]);
  one.state(SN, LIVE, fresh(0));
  assert.equal(one.state("Cellar", { ...LIVE, device: "Cellar" }, fresh(1)), ID);
  assert.equal(one.shown(ID)?.station.name, "Cellar");
  assert.equal(one.state(SN, LIVE, kept(2)), undefined);
  assert.equal(one.shown(ID)?.station.name, "Cellar");
  assert.equal(one.idOf("Cellar"), ID);
});

Deno.test("Roster.emptied() leaves nothing live", () => {
  const one = roster([{ sn: SN }]);
  one.state("Study", LIVE, fresh(0));
  assert.equal(one.emptied("Study"), ID);
  assert.equal(one.standing(ID, 1), "silent");
});

Deno.test("Roster.remember() keeps what was shown before, and takes away what nobody knows any more", () => {
  const one = roster([{ sn: SN }]);
  const platforms = new Map([["dc_in_watts", "sensor"], ["gone", "sensor"], ["journal", "event"]]);
  one.remember(ID, { name: "Study", platforms }, (key) => key === "journal");
  one.state("Study", LIVE, fresh(0));
  const shown = one.shown(ID);
  assert.ok([...shown?.station.keys ?? []].includes("dc_in_watts"));
  assert.deepEqual(shown?.obsolete, { gone: "sensor" });
});
