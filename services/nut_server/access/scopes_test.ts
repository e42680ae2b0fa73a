import { deepEqual, equal } from "node:assert/strict";
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { NutUps, NutUser } from "./nut_house.ts";
import { policyWants, type Scope, scopeKey, scopesOf } from "./scopes.ts";
import { UpsEntries } from "../ups_entries.ts";
import { findAccount, mayForceShutdown, mayLogin } from "./users.ts";

const STATION: Scope = { kind: "station", key: "station Study", device: "Study" };
const STAGE_2: Scope = { kind: "stage", key: "stage 2 of Study", device: "Study", stage: 2 };
const NAS: Scope = { kind: "host", key: "host nas", host: "nas", devices: ["Study"] };
const DUAL: Scope = { kind: "host", key: "host nas", host: "nas", devices: ["Study", "Cellar"] };

type Host = NonNullable<PolicyStatus["hosts"]>[number];

function status(state: PolicyStatus["state"], ...hosts: Host[]): PolicyStatus {
  return { device: "Study", state, sentence: "", blind: false, hosts, ts: "2026-11-23T19:00:00Z" };
}

Deno.test("policyWants() follows the policy's word on the host, the stage or the station", () => {
  const rows: [name: string, scope: Scope, statuses: PolicyStatus[], expected: boolean][] = [
    ["nothing heard", NAS, [], false],
    ["nothing heard of a station", STATION, [], false],
    ["online", STATION, [status("online")], false],
    ["critical is not yet", STATION, [status("critical")], false],
    ["shutting down", STATION, [status("shutting_down")], true],
    ["recovery", STATION, [status("recovery")], false],
    ["host not yet told", NAS, [status("shutting_down", { agent: "nas", state: "online" })], false],
    ["host told", NAS, [status("shutting_down", { agent: "nas", state: "told" })], true],
    ["host meant, and the broker has not taken its command", NAS, [
      status("shutting_down", { agent: "nas", state: "sending" }),
    ], true],
    ["host accepted", NAS, [status("shutting_down", { agent: "nas", state: "accepted" })], true],
    ["host shutting down", NAS, [status("shutting_down", { agent: "nas", state: "shutting_down" })], true],
    ["host down, and shall stay so", NAS, [status("shutting_down", { agent: "nas", state: "down" })], true],
    ["host rejected", NAS, [status("shutting_down", { agent: "nas", state: "rejected" })], false],
    ["another host told", NAS, [
      status("shutting_down", { agent: "pve", state: "told" }, { agent: "nas", state: "online" }),
    ], false],
    ["told, but called off", NAS, [status("recovery", { agent: "nas", state: "told" })], false],
    ["a host that no status names goes with its station", NAS, [
      status("shutting_down", { agent: "pve", state: "told" }),
    ], true],
    ["and not before", NAS, [status("critical", { agent: "pve", state: "online" })], false],
    ["a host on two stations, one of them told it", DUAL, [
      status("online", { agent: "nas", state: "online" }),
      status("shutting_down", { agent: "nas", state: "told" }),
    ], true],
    ["a host on two stations that nobody names waits for both", DUAL, [
      status("online"),
      status("shutting_down"),
    ], false],
    ["both", DUAL, [status("shutting_down"), status("shutting_down")], true],
    ["stage not reached", STAGE_2, [status("shutting_down", { agent: "a", state: "told", stage: 1 }, {
      agent: "b",
      state: "online",
      stage: 2,
    })], false],
    ["stage reached", STAGE_2, [status("shutting_down", { agent: "b", state: "told", stage: 2 })], true],
    ["stage passed", STAGE_2, [status("shutting_down", { agent: "b", state: "told", stage: 3 })], true],
    ["a policy without stages", STAGE_2, [status("shutting_down", { agent: "b", state: "online" })], true],
    ["a policy without hosts", STAGE_2, [status("shutting_down")], true],
  ];
  for (const [name, scope, statuses, expected] of rows) equal(policyWants(scope, statuses), expected, name);
});

const USERS: readonly NutUser[] = [
  { name: "monuser", password: "secret", role: "secondary" },
  { name: "pve", password: "own", role: "primary", host: "pve" },
];
const FOR_NAS: NutUps = { name: "ups", device: "Study", host: "nas" };
const FOR_ALL: NutUps = { name: "ups", device: "Study" };
const FOR_STAGE: NutUps = { name: "ups-stage1", device: "Study", stage: 1 };

Deno.test("scopeKey() tells host, stage and station apart", () => {
  const [monuser, pve] = USERS;
  equal(scopeKey(FOR_NAS, undefined), "host nas");
  equal(scopeKey(FOR_ALL, undefined), "station Study");
  equal(scopeKey(FOR_ALL, monuser), "station Study");
  equal(scopeKey(FOR_ALL, pve), "host pve");
  equal(scopeKey(FOR_STAGE, undefined), "stage 1 of Study");
});

Deno.test("scopesOf() knows every scope that can come up", () => {
  const upses = [FOR_NAS, FOR_ALL, FOR_STAGE, { name: "cellar", device: "Cellar", host: "nas" }];
  const scopes = scopesOf({ users: USERS, upses });
  deepEqual([...scopes.keys()].toSorted(), ["host nas", "host pve", "stage 1 of Study", "station Study"]);
  const nas = scopes.get("host nas");
  deepEqual(nas?.kind === "host" && nas.devices, ["Study", "Cellar"]);
});

Deno.test("findAccount() wants name and password to the letter", () => {
  const find = (username: string, password: string) => findAccount(USERS, { username, password })?.name;
  equal(find("monuser", "secret"), "monuser");
  for (
    const [name, password] of [["monuser", "Secret"], ["Monuser", "secret"], ["monuser", ""], ["", ""], [
      "x",
      "",
    ]]
  ) {
    equal(find(name ?? "", password ?? ""), undefined, `${name}/${password}`);
  }
});

Deno.test("mayLogin() and mayForceShutdown() keep an account to its own host", () => {
  const [monuser, pve] = USERS;
  if (!monuser || !pve) throw new Error("the table of users has two rows");
  equal(mayLogin(monuser, FOR_NAS), true);
  equal(mayLogin(pve, FOR_NAS), false);
  equal(mayLogin(pve, FOR_ALL), true);
  equal(mayForceShutdown(monuser, FOR_NAS), false);
  equal(mayForceShutdown(pve, FOR_NAS), false);
  equal(mayForceShutdown(pve, FOR_ALL), true);
});

Deno.test("UpsEntries.for() answers the same name differently per client", () => {
  const forSynology = { ...FOR_NAS, clients: ["192.168.1.20"] };
  const forNet = { name: "UPS", device: "Study", host: "pve", clients: ["192.168.1.0/24"] };
  const hidden = { name: "qnapups", device: "Study", host: "qnap", clients: ["192.168.1.30"] };
  const entries = new UpsEntries([FOR_ALL, forSynology, forNet, hidden]);
  deepEqual(entries.for("192.168.1.20"), [forSynology]);
  deepEqual(entries.for("192.168.1.21"), [forNet]);
  deepEqual(entries.for("192.168.1.30"), [forNet, hidden]);
  deepEqual(entries.for("10.0.0.1"), [FOR_ALL]);
  deepEqual(new UpsEntries([hidden]).for("10.0.0.1"), [], "an entry for others is not there at all");
});
