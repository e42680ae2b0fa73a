import assert from "node:assert/strict";
import { loadConfig } from "./load.ts";

const PEM = "-----BEGIN X-----";

function load(environment: Record<string, string>, hasPassword = false) {
  return loadConfig({
    environment: { ECOFLOW_CLOUD: "off", STATE_DIR: "/state", ...environment },
    exists: (path) => hasPassword && path === "/state/dashboard/password",
    readFile: () => PEM,
  });
}

Deno.test("readDashboard() gives no dashboard unless it is wanted", () => {
  assert.equal(load({}).dashboard, undefined);
});

Deno.test("readDashboard() reads where to listen, who may look and under which names", () => {
  assert.deepEqual(load({ DASHBOARD_LISTEN: "127.0.0.1:8080" }).dashboard, {
    host: "127.0.0.1",
    port: 8080,
    names: [],
    readsWithoutLogin: false,
    passwordFile: "/state/dashboard/password",
    metricsToken: undefined,
    tls: undefined,
  });
  const full = load({
    DASHBOARD_LISTEN: "[::]:443",
    DASHBOARD_HOSTS: "Pi.lan,pi.local",
    DASHBOARD_READ_WITHOUT_LOGIN: "on",
    DASHBOARD_CERT_FILE: "/c",
    DASHBOARD_KEY_FILE: "/k",
  }, true).dashboard;
  assert.deepEqual([full?.host, full?.port, full?.names, full?.readsWithoutLogin, full?.tls], [
    "::",
    443,
    ["pi.lan", "pi.local"],
    true,
    { cert: PEM, key: PEM },
  ]);
});

for (const listen of ["0.0.0.0:8080", "192.168.1.2:80", "[::]:8080", "[fd00::1]:80", "128.0.0.1:80"]) {
  Deno.test(`readDashboard() refuses ${listen} without a password, and takes it with one`, () => {
    assert.throws(() => load({ DASHBOARD_LISTEN: listen }), /needs a password, found none/);
    assert.ok(load({ DASHBOARD_LISTEN: listen }, true).dashboard);
  });
}

const wrong: readonly Record<string, string>[] = [
  { DASHBOARD_LISTEN: "8080" },
  { DASHBOARD_LISTEN: "localhost:8080" },
  { DASHBOARD_LISTEN: "127.0.0.1:70000" },
  { DASHBOARD_LISTEN: "127.0.0.1:80", DASHBOARD_CERT_FILE: "/c" },
  { DASHBOARD_LISTEN: "127.0.0.1:80", DASHBOARD_HOSTS: "pi.lan:8080" },
  { DASHBOARD_HOSTS: "pi.lan" },
  { DASHBOARD_CERT_FILE: "/c", DASHBOARD_KEY_FILE: "/k" },
];
for (const environment of wrong) {
  Deno.test(`readDashboard() refuses ${JSON.stringify(environment)}`, () => {
    assert.throws(() => load(environment, true), /DASHBOARD_/);
  });
}
