import assert from "node:assert/strict";
import { chooseLanguage, Reader } from "./reader.ts";
import { fullInSeconds, runtimeOf } from "./runtime.ts";
import { plain } from "./plain.ts";

const EN = new Reader({ language: "en", locale: "en-GB" });
const DE = new Reader({ language: "de", locale: "de-DE" });
/** Without the spaces that do not break. */
const easy = (text: string) => text.replaceAll("\u00a0", " ");

Deno.test("Reader.duration() has one form, from seconds to days", () => {
  const rows = [
    [0, "0 s"],
    [59.4, "59 s"],
    [59.5, "1 min"],
    [3569, "59 min"],
    [3570, "1 h"],
    [11_160, "3 h 6 min"],
    [172_740, "47 h 59 min"],
    [172_770, "2 d"],
    [190_000, "2 d 4 h"],
  ] as const;
  for (const [seconds, text] of rows) assert.equal(easy(EN.duration(seconds)), text);
  assert.equal(DE.duration(11_160), EN.duration(11_160));
});

Deno.test("Reader.countdown() shows seconds below an hour, and a duration from there on", () => {
  assert.deepEqual([0, 9, 125, 3599, 3600, 3725].map((s) => easy(EN.countdown(s))), [
    "0:00",
    "0:09",
    "2:05",
    "59:59",
    "1 h",
    "1 h 2 min",
  ]);
});

Deno.test("Reader writes numbers as the reader's language has them, and a dash for what is not known", () => {
  const write = (reader: Reader) =>
    [
      reader.watts(undefined),
      reader.watts(0),
      reader.watts(-80.4),
      reader.watts(999.5),
      reader.wattHours(12_345),
      reader.percent(undefined),
      reader.percent(9.94),
      reader.percent(9),
      reader.percent(9.95),
      reader.percent(87.4),
    ].map(easy);
  assert.deepEqual(write(EN), ["–", "0 W", "-80 W", "1.0 kW", "12.3 kWh", "–", "9.9%", "9%", "10%", "87%"]);
  assert.deepEqual(write(DE), [
    "–",
    "0 W",
    "-80 W",
    "1,0 kW",
    "12,3 kWh",
    "–",
    "9,9 %",
    "9 %",
    "10 %",
    "87 %",
  ]);
});

Deno.test("Reader.when() leaves the day out when it is today", () => {
  const at = new Date(2026, 10, 28, 14, 32, 50);
  assert.equal(EN.time(at.getTime()), "14:32");
  assert.equal(EN.when(at.toISOString(), at.getTime()), "14:32:50");
  assert.equal(EN.when(at.toISOString(), at.getTime() + 86_400_000), "28 Nov, 14:32:50");
  assert.equal(DE.when(at.toISOString(), at.getTime() + 86_400_000), "28. Nov., 14:32:50");
  assert.equal(
    new Reader({ language: "en", locale: "en-US" }).time(at.getTime()).replace(/\s/, " "),
    "02:32 PM",
  );
});

Deno.test("Reader.ago() says when an age is not known", () => {
  assert.deepEqual([undefined, 0, 65].map((age) => easy(EN.ago(age))), [
    "of unknown age",
    "just now",
    "1 min ago",
  ]);
  assert.equal(easy(DE.ago(65)), "vor 1 min");
});

Deno.test("Reader.say() fills names in and takes nothing in them for a name", () => {
  const parts = { device: "{charge} <b>" };
  assert.equal(EN.say("drill_question", parts), "Start a drill on {charge} <b>?");
});

for (
  const [chosen, wanted, language, locale] of [
    [null, ["de-AT", "en"], "de", "de-AT"],
    [null, ["fr-FR", "de"], "de", "de"],
    [null, ["fr-FR"], "en", "en-GB"],
    [null, [], "en", "en-GB"],
    ["en", ["de-AT", "en-US"], "en", "en-US"],
    ["de", ["en-US"], "de", "de"],
    ["xx", ["en-US"], "en", "en-US"],
  ] as const
) {
  Deno.test(`chooseLanguage() with ${chosen} chosen and ${wanted} wanted takes ${locale}`, () => {
    assert.deepEqual(chooseLanguage(chosen, wanted), { language, locale });
  });
}

Deno.test("plain() gives the daemon's sentences the page's durations, and takes ids out", () => {
  const rows = [
    ["back after 186 min", "back after 3 h 6 min"],
    ["told in 600 s unless", "told in 10 min unless"],
    ["in 5 s", "in 5 s"],
    ["command 5f0c9a52-9a3b-4c58-8f9e-0a9be7b7a111 was lost", " was lost"],
    ["told (id 5f0c9a52-9a3b-4c58-8f9e-0a9be7b7a111)", "told"],
    ["12 stations, 30 spare", "12 stations, 30 spare"],
  ] as const;
  for (const [text, shown] of rows) assert.equal(easy(plain(EN, text)), shown);
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

Deno.test("fullInSeconds() is the station's word, only while it charges", () => {
  const charging = { ...STATION, ac_in_watts: 100, out_watts: 95, charge_min: 98 };
  const rows: readonly (readonly [object, number | undefined])[] = [
    [{}, 5880],
    [{ out_watts: 95.1 }, undefined],
    [{ ac_in_watts: undefined }, undefined],
    [{ ac_in_watts: undefined, dc_in_watts: 100 }, 5880],
    [{ out_watts: undefined }, undefined],
    [{ charge_min: 0 }, undefined],
    [{ charge_min: undefined }, undefined],
    [{ charge_min: 2880 }, 172_800],
    [{ charge_min: 2881 }, undefined],
    [{ soc: { percent: 99.4 } }, 5880],
    [{ soc: { percent: 99.5 } }, undefined],
    [{ soc: undefined }, undefined],
  ];
  for (const [extra, seconds] of rows) {
    assert.equal(fullInSeconds({ ...charging, ...extra }), seconds, JSON.stringify(extra));
  }
});
