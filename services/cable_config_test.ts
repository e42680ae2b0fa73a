/** Stations by cable in the configuration: both places, and what each service gets of them. */
import assert from "node:assert/strict";
import type { NutSource } from "../lib/config/nut_sources.ts";
import { loadConfig } from "../lib/config/load.ts";
import { ConfigError } from "../lib/errors.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../lib/mqtt/topics.ts";
import { brokerUsers, DAEMON_USER } from "./broker_access.ts";
import { capabilityOf, serviceConfigProblems, SERVICES, wantedServices } from "./registry.ts";
import { workerPermissions } from "./workers.ts";

const topics = topicsUnder(DEFAULT_ROOTS);

function house(environment: Record<string, string>, policy?: string) {
  return loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      DEVICE_TO_AGENTS_JSON: '{"Study":["pc"],"Rack":["nas"]}',
      ...(policy === undefined ? {} : { POLICY_FILE: "policy.toml" }),
      ...environment,
    },
    exists: (path) => path === "policy.toml",
    readFile: (path) => path === "ca.pem" ? "-----BEGIN CERTIFICATE-----" : policy ?? "",
  });
}

const row = (name: string) => {
  const found = SERVICES.find((one) => one.name === name);
  assert.ok(found);
  return found;
};
const FILE = '[station.Rack]\nnut = { ups = "rack", host = "nas.lan", user = "me", tls = true }\n';
const BOTH = {
  NUT_SOURCES_JSON: '{"Study":{"ups":"study"}}',
  NUT_SOURCE_PASSWORDS_JSON: '{"Rack":"s3cret"}',
  NUT_SOURCE_CA_FILE: "ca.pem",
  NUT_SOURCE_POLL_SEC: "2",
};

Deno.test("nut_source gets the stations of key and policy file, with log-in, certificates and pace", () => {
  const config = house(BOTH, FILE);
  assert.deepEqual(serviceConfigProblems(config), []);
  assert.deepEqual(row("nut_source").slice(config), {
    roots: DEFAULT_ROOTS,
    pollMs: 2000,
    sources: [
      { device: "Study", ups: "study", host: "127.0.0.1", port: 3493 },
      {
        device: "Rack",
        ups: "rack",
        host: "nas.lan",
        port: 3493,
        login: { user: "me", password: "s3cret" },
        tls: { caPem: "-----BEGIN CERTIFICATE-----" },
      },
    ],
  });
  assert.deepEqual(workerPermissions([row("nut_source")], config).net, ["127.0.0.1:3493", "nas.lan:3493"]);
  const named = [topics.source("Study"), topics.source("Rack")];
  assert.deepEqual(capabilityOf(row("nut_source"), config).publishes, named);
  assert.deepEqual((row("soc_bridge").slice(config) as { cables: unknown }).cables, ["Study", "Rack"]);
  const { mustWrite } = row("broker_link").slice(config) as { mustWrite: readonly string[] };
  assert.deepEqual(named.filter((topic) => !mustWrite.includes(topic)), []);
});

Deno.test("nut_source is not wanted without a station, and the access list has its topics all the same", () => {
  const config = house({});
  assert.ok(!wantedServices(config).includes(row("nut_source")));
  const daemon = brokerUsers(config).find(({ username }) => username === DAEMON_USER);
  assert.ok(daemon?.publishes.includes(topics.source("+")));
});

for (
  const [name, environment, policy, problem] of [
    [
      "a station that is named twice",
      { NUT_SOURCES_JSON: '{"Rack":{"ups":"a"}}' },
      '[station.Rack]\nnut = { ups = "b" }\n',
      /"Rack" must have one NUT server/,
    ],
    [
      "a station that is named by name and by serial number",
      {
        ECOFLOW_DEVICE_LIST: "R651TEST00000001:Study",
        NUT_SOURCES_JSON: '{"Study":{"ups":"a"},"r651test00000001":{"ups":"b"}}',
      },
      undefined,
      /"Study" must have one NUT server, found two, "Study" and "r651test00000001"/,
    ],
    ["a user without a password", {}, FILE, /"Rack" needs a password/],
    [
      "a password without a user",
      { NUT_SOURCE_PASSWORDS_JSON: '{"Study":"s3cret"}', NUT_SOURCES_JSON: '{"Study":{"ups":"a"}}' },
      undefined,
      /"Study" must be a station/,
    ],
    [
      "a serial number that is none",
      {},
      '[station.Rack]\nnut = { ups = "a", serial = "x" }\n',
      /line 2.*serial number/,
    ],
    [
      "one UPS for two stations",
      { NUT_SOURCES_JSON: '{"Study":{"ups":"a","host":"localhost"},"Rack":{"ups":"a"}}' },
      undefined,
      /"a" at this machine:3493 must speak for one station/,
    ],
    [
      "a server with its port in its name, which would end the daemon at its start",
      { NUT_SOURCES_JSON: '{"Study":{"ups":"a"}}' },
      '[station.Rack]\nnut = { ups = "a", host = "nas:3493" }\n',
      /line 2.*host must be a name or an address, without port and brackets/,
    ],
    [
      "a witness with its port in its name",
      {},
      '[[witness]]\nname = "Grid"\nnut = { host = "nas:3493", ups = "a" }\n',
      /line 3.*must be a host name or an IP address, without port and brackets/,
    ],
    ["a UPS name that is none", {}, '[station.Rack]\nnut = { ups = "a b" }\n', /line 2.*UPS name/],
    [
      "what is no server",
      {},
      '[station.Rack]\nnut = "s3cret"\n',
      /line 2: station.Rack.nut must be Object, found 6 characters/,
    ],
    [
      "what is no switch",
      {},
      '[station.Rack]\nnut = { ups = "a", tls = "s3cret" }\n',
      /line 2.*tls must be boolean, found 6 characters/,
    ],
    ["an unknown key", {}, '[station.Rack]\nnut = { ups = "a", pass = "s3cret" }\n', /line 2.*nut\.pass/],
  ] as const
) {
  Deno.test(`serviceConfigProblems() tells of ${name}, and shows no secret`, () => {
    const problems = serviceConfigProblems(house(environment, policy)).join("; ");
    assert.match(problems, problem);
    assert.doesNotMatch(problems, /s3cret/);
  });
}

Deno.test("a station by cable that is named by its serial number, in either case, has the station's name", () => {
  const config = house({
    ECOFLOW_DEVICE_LIST: "R651TEST00000001:Study,R651TEST00000002",
    NUT_SOURCES_JSON: '{"r651test00000001":{"ups":"a","user":"me"},"r651Test00000002":{"ups":"b"}}',
    NUT_SOURCE_PASSWORDS_JSON: '{"r651test00000001":"s3cret"}',
  });
  const { sources } = row("nut_source").slice(config) as { sources: readonly NutSource[] };
  assert.deepEqual(sources.map(({ device }) => device), ["Study", "R651TEST00000002"]);
  assert.equal(sources[0]?.login?.password, "s3cret");
});

for (const [key, value] of [["NUT_SOURCE_POLL_SEC", "1.9"], ["NUT_SOURCE_POLL_SEC", "5.1"]] as const) {
  Deno.test(`loadConfig() refuses ${key}=${value}`, () => {
    assert.throws(() => house({ [key]: value }), ConfigError);
  });
}
