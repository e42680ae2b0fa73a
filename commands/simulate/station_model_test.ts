import assert from "node:assert/strict";
import { StationModel } from "./station_model.ts";

const STATION = { name: "S", sn: "R631SIM000000001", socPercent: 50, loadWatts: 97, batteryWh: 1000 };

Deno.test("StationModel.at() drains by load and own use while the grid is gone", () => {
  const model = new StationModel(STATION);
  model.setGrid(false);
  const after = model.at(3600);
  assert.equal(after.socPercent, 40);
  assert.equal(after.acInWatts, 0);
  assert.equal(after.dischargeMin, 240);
});

Deno.test("StationModel.at() charges on the grid and passes the load through", () => {
  const model = new StationModel(STATION);
  const after = model.at(3600);
  assert.equal(after.socPercent, 70);
  assert.equal(after.acInWatts, 300);
});

Deno.test("StationModel.setDrain() replaces the rate, and never drains below 0", () => {
  const model = new StationModel(STATION);
  model.setGrid(false);
  model.setDrain(2);
  assert.equal(model.at(60).socPercent, 48);
  assert.equal(model.at(6000).socPercent, 0);
});

Deno.test("StationModel.at() with a full battery draws no charging power", () => {
  const model = new StationModel({ ...STATION, socPercent: 100 });
  assert.equal(model.at(10).acInWatts, 100);
  assert.equal(model.at(20).chargeMin, 0);
});
