import assert from "node:assert/strict";
import { WatchedStations } from "./watched_stations.ts";

const ACCOUNT = [
  { sn: "R651A", name: "Study", productName: "RIVER 3", online: true },
  { sn: "R651B", name: "Cellar", online: false },
];

Deno.test("WatchedStations mirrors the configured stations, with their names first and the account's second", () => {
  const stations = new WatchedStations([{ sn: "R651B", name: "Keller" }, { sn: "R651C" }]);
  const findings = stations.learn(ACCOUNT);
  assert.deepEqual(stations.sns, ["R651B", "R651C"]);
  assert.deepEqual(findings, { notWatched: [ACCOUNT[0]], notInAccount: ["R651C"] });
  assert.deepEqual(stations.learn(ACCOUNT), { notWatched: [], notInAccount: [] });
  assert.deepEqual(stations.toList(), {
    not_watched: [{ sn: "R651A", name: "Study" }],
    stations: [{ sn: "R651B", name: "Keller", online: false }, { sn: "R651C", in_account: false }],
  });
  stations.answered("R651C");
  assert.deepEqual(stations.toList().stations[1], { sn: "R651C" });
});

Deno.test("WatchedStations mirrors all of the account when none is configured, and keeps the last list", () => {
  const stations = new WatchedStations([]);
  assert.deepEqual(stations.sns, []);
  stations.learn(ACCOUNT);
  stations.learn(undefined);
  assert.deepEqual(stations.sns, ["R651A", "R651B"]);
  assert.deepEqual(stations.toList().stations[0], {
    sn: "R651A",
    name: "Study",
    product_name: "RIVER 3",
    online: true,
  });
});

Deno.test("WatchedStations.heard() contradicts a list that says offline, once, and says nothing without a list", () => {
  const stations = new WatchedStations([]);
  stations.learn(ACCOUNT);
  assert.equal(stations.heard("R651A", "protobuf"), false);
  assert.equal(stations.heard("R651B", "protobuf"), true);
  assert.equal(stations.heard("R651B", "protobuf"), false);
  assert.equal(stations.setOnline("R651B", false), true);
  assert.equal(stations.setOnline("R651B", false), false);
  const unlisted = new WatchedStations([{ sn: "R651C" }]);
  unlisted.heard("R651C", "json");
  assert.deepEqual(unlisted.toList(), { stations: [{ sn: "R651C" }] });
});

Deno.test("WatchedStations.formsOf() asks in both forms until the station has spoken", () => {
  const stations = new WatchedStations([{ sn: "R651A" }]);
  assert.deepEqual(stations.formsOf("R651A"), ["protobuf", "json"]);
  stations.heard("R651A", undefined);
  assert.deepEqual(stations.formsOf("R651A"), ["protobuf", "json"]);
  stations.heard("R651A", "json");
  assert.deepEqual(stations.formsOf("R651A"), ["json"]);
  stations.heard("R651A", "protobuf");
  assert.deepEqual(stations.formsOf("R651A"), ["json", "protobuf"]);
});

for (
  const [name, configured, mapped, wanted] of [
    ["all are there", [{ sn: "R651A", name: "Study" }], ["Study"], []],
    ["a listed one is not of the account", [{ sn: "R651C", name: "Attic" }], ["Attic"], ["Attic (R651C)"]],
    ["a mapped name that the account does not have", [], ["Nowhere"], ["Nowhere"]],
    ["a mapped serial number", [], ["R651A"], []],
    ["a listed house in which somebody else feeds a name", [{ sn: "R651A" }], ["Fed"], []],
  ] as const
) {
  Deno.test(`WatchedStations.missing: ${name}`, () => {
    const stations = new WatchedStations(configured, mapped);
    assert.deepEqual(stations.missing, [], "nobody has read a list yet");
    stations.learn([{ sn: "R651A", name: "Cellar" }]);
    assert.deepEqual(stations.missing, wanted);
    if (configured.length > 0) {
      stations.heard("R651C", "json");
      assert.deepEqual(stations.missing, [], "it is shared in a way that the list does not show");
    }
    stations.learn([{ sn: "R651A" }, { sn: "R651C" }, { sn: "R651D", name: "Nowhere" }]);
    assert.deepEqual(stations.missing, [], "it is bound now");
  });
}
