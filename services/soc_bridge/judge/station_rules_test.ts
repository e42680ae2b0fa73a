/** The rules of one station at their edges: who is believed away, what is no longer told, and whose charge is shown. */
import assert from "node:assert/strict";
import { compileModel } from "../models/compiled_model.ts";
import { findModel } from "../models/models.ts";
import { PowerStation } from "./power_station.ts";

const json = (params: object) => new TextEncoder().encode(JSON.stringify({ params }));
const GRID = { "inv.acInVol": 231_000 };
const LOST = { "inv.acInVol": 0, "inv.inputWatts": 0 };

async function delta(staleAfterMs = 120_000) {
  const model = await compileModel(findModel("DCEB") ?? assert.fail());
  const station = new PowerStation({
    sn: "DCEBTEST00000001",
    model,
    gridRule: "auto",
    staleAfterMs,
  });
  return { station, say: (params: object, atMonoMs: number) => station.accept(json(params), atMonoMs) };
}

Deno.test("PowerStation.link() is live by evidence that is newer than who says that it is away", async () => {
  const { station, say } = await delta();
  say(GRID, 20);
  station.setOffline("cloud", 19);
  assert.equal(station.link(20), "live");
  station.setOffline("cloud", 20);
  assert.equal(station.link(20), "offline");
});

Deno.test("PowerStation stays away for the cloud's list until it says something itself", async () => {
  const { station, say } = await delta();
  say(GRID, 0);
  station.setOffline("station", 5);
  say({ nothing: 1 }, 10);
  assert.equal(station.link(10), "offline");
  say(GRID, 11);
  assert.equal(station.link(11), "live");
});

Deno.test("PowerStation ends a presence that is not told any more, when it is looked at and when something comes", async () => {
  const untold = [undefined, true];
  const looked = await delta();
  looked.say(GRID, 0);
  looked.say({ "pd.wattsOutSum": 5 }, 100_000);
  assert.equal(looked.station.grid.isUntold, undefined);
  const { grid_connected, grid_unknown } = looked.station.urgent(150_001);
  assert.deepEqual([grid_connected, grid_unknown], untold);
  const heard = await delta();
  heard.say(GRID, 0);
  heard.say({ "pd.wattsOutSum": 5 }, 150_001);
  assert.deepEqual([heard.station.grid.present, heard.station.grid.isUntold], untold);
});

Deno.test("PowerStation keeps the last verdict of a station that is silent: it leaves nothing out", async () => {
  const { station, say } = await delta();
  say(GRID, 0);
  say({ "pd.wattsOutSum": 5 }, 60_000);
  const { grid_connected, link } = station.state("s", 200_000, 0);
  assert.deepEqual([grid_connected, link], [true, "stale"]);
});

Deno.test("PowerStation says that a loss waits, and doubts by it", async () => {
  const { station, say } = await delta();
  say(GRID, 0);
  say(LOST, 1000);
  assert.equal(station.urgent(1000).grid_unconfirmed, true);
  assert.equal(station.grid.doubt?.evidence, "inv.acInVol=0");
  assert.equal(station.grid.present, true);
});

Deno.test("PowerStation doubts no presence that the payload itself proves", async () => {
  const { station, say } = await delta();
  const accepted = say({ "inv.acInVol": 0, "inv.inputWatts": 120 }, 0);
  assert.deepEqual([accepted.isGridDenied, station.grid.present, station.grid.doubt], [
    true,
    true,
    undefined,
  ]);
});

Deno.test("PowerStation judges minutes by the energy that the model was built with where none is told", async () => {
  const { station, say } = await delta();
  say({ "ems.lcdShowSoc": 80, "pd.wattsOutSum": 185, "ems.dsgRemainTime": 60 }, 0);
  const { discharge_min, discharge_min_doubtful } = station.state("s", 0, 0);
  assert.deepEqual([discharge_min, discharge_min_doubtful], [60, true]);
});

Deno.test("PowerStation shows a switch and a pack's temperature for ten minutes, and not 1 ms longer", async () => {
  const { station, say } = await delta();
  say({ "inv.cfgAcEnabled": 1, "bmsMaster.temp": 30, "bmsMaster.soc": 50 }, 0);
  const shown = (atMonoMs: number) => {
    say({ "bmsMaster.soc": 50 }, atMonoMs);
    const { ac_out_enabled, packs } = station.state("s", atMonoMs, 0);
    return [ac_out_enabled, packs?.[0]?.temp_celsius];
  };
  assert.deepEqual(shown(600_000), [true, 30]);
  assert.deepEqual(shown(600_001), [undefined, undefined]);
});

Deno.test("PowerStation names whose charge it shows, not whose it holds back, and holds one back until it is believed", async () => {
  const { station, say } = await delta();
  say({ "ems.lcdShowSoc": 80 }, 0);
  const shown = (atMonoMs: number) => {
    const { soc, soc_source } = station.state("s", atMonoMs, 0);
    return [soc, soc_source];
  };
  assert.deepEqual(shown(0), [80, "system"]);
  assert.equal(say({ "bmsMaster.soc": 30 }, 200_000).socHeld, 30);
  assert.deepEqual(shown(200_000), [80, "system"]);
  assert.equal(say({ "bmsMaster.soc": 31 }, 201_000).socHeld, 31);
  assert.equal(say({ "bmsMaster.soc": 30 }, 202_000).socHeld, undefined, "the third is believed");
  assert.deepEqual(shown(202_000), [30, "pack"]);
});

Deno.test("PowerStation.isFresh() is two minutes, however long a house calls a station live", async () => {
  const { station, say } = await delta(600_000);
  assert.equal(station.isFresh(0), false, "nothing was said");
  say(GRID, 1000);
  assert.deepEqual([station.isFresh(121_000), station.isFresh(121_001)], [true, false]);
  station.setOffline("cloud", 2000);
  assert.equal(station.isFresh(3000), false);
});
