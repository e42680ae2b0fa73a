import assert from "node:assert/strict";
import { ago, clockText, duration, percent, timeOfDay, wattHours, watts } from "./format.ts";
import { runtimeOf } from "./runtime.ts";

Deno.test("duration(), clockText(), watts() and percent() read as a person writes", () => {
  assert.deepEqual([0, 89, 90, 3599, 3600, 7260, 190_000, 172_800].map(duration), [
    "0 s",
    "89 s",
    "2 min",
    "1 h",
    "1 h",
    "2 h 1 min",
    "2 days 4 h",
    "2 days",
  ]);
  assert.deepEqual([0, 9, 125, 3725].map(clockText), ["0:00", "0:09", "2:05", "1:02:05"]);
  assert.deepEqual([undefined, 0, 51.4, 1234, -80].map(watts), ["–", "0 W", "51 W", "1.2 kW", "-80 W"]);
  assert.deepEqual([undefined, 0, 9.94, 9, 87.4].map(percent), ["–", "0 %", "9.9 %", "9 %", "87 %"]);
  assert.deepEqual([undefined, 0, 65].map(ago), ["of unknown age", "just now", "65 s ago"]);
});

const STATION = { device: "Study", hosts: [], grid: { connected: true }, soc: { percent: 50 } };

Deno.test("runtimeOf() reckons from charge and load down to the station's limit, and takes its word on battery", () => {
  const hours = (extra: object, isGridLive = true) => {
    const runtime = runtimeOf({ ...STATION, ...extra }, isGridLive);
    return runtime && Math.round(runtime.seconds / 36) / 100;
  };
  assert.equal(hours({ battery_wh: 1000, out_watts: 85 }), 5);
  assert.equal(hours({ battery_wh: 1000, out_watts: 85, min_soc_percent: 30 }), 2);
  assert.equal(hours({ battery_wh: 1000, out_watts: 85, min_soc_percent: 60 }), 0);
  assert.equal(hours({ battery_wh: 1000, out_watts: 85, grid: { connected: false }, discharge_min: 120 }), 2);
  const out = { battery_wh: 1000, out_watts: 85, grid: { connected: false }, discharge_min: 120 };
  assert.equal(hours(out, false), 5, "that the grid is gone is old");
});

Deno.test("runtimeOf() says nothing when charge, energy or load is unknown, or nothing is drawn", () => {
  for (const extra of [{}, { battery_wh: 1000 }, { out_watts: 85 }, { battery_wh: 1000, out_watts: 0 }]) {
    assert.equal(runtimeOf({ ...STATION, ...extra }, true), undefined);
  }
  assert.equal(runtimeOf({ ...STATION, soc: undefined, battery_wh: 1000, out_watts: 85 }, true), undefined);
});

Deno.test("wattHours() knows no 0 for what is not known", () => {
  assert.deepEqual([undefined, 0, 999.4, 1000, 12_345].map(wattHours), [
    "–",
    "0 Wh",
    "999 Wh",
    "1.0 kWh",
    "12.3 kWh",
  ]);
});

Deno.test("timeOfDay() has hours and minutes, no seconds", () => {
  assert.match(timeOfDay(Date.UTC(2026, 10, 28, 14, 32, 50)), /^\d{1,2}:\d\d(\s?[AP]M)?$/);
});
