import { deepEqual, equal } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { havePrograms, inTempDir, type Running, startProgram, until } from "../testdata/debian_programs.ts";
import type { NutServerConfig } from "../slice.ts";
import { ON_BATTERY, ONLINE, shuttingDown, startHouse, type TestHouse } from "../testdata/test_house.ts";

/** A house with a real upsmon in it, logged in and in the clear about the state. */
interface Scene {
  readonly house: TestHouse;
  readonly upsmon: Running;
  /** Whether it has run its (harmless) SHUTDOWNCMD. */
  hasShutDown(): boolean;
}

async function withUpsmon(
  run: (scene: Scene) => Promise<void>,
  { pollSec = 1, config = {}, conf = [] }: {
    pollSec?: number;
    config?: Partial<NutServerConfig>;
    /** More lines of upsmon.conf. */
    conf?: readonly string[];
  } = {},
): Promise<void> {
  if (!havePrograms("upsmon")) return;
  const house = await startHouse({ config });
  house.state(ONLINE);
  try {
    await inTempDir({}, async (dir) => {
      const lines = [
        `MONITOR ups@127.0.0.1:${house.port} 1 monuser secret secondary`,
        "MINSUPPLIES 1",
        `SHUTDOWNCMD "touch ${dir}/down"`,
        `POLLFREQ ${pollSec}`,
        `POLLFREQALERT ${pollSec}`,
        "HOSTSYNC 2",
        "DEADTIME 3",
        "FINALDELAY 0",
        `POWERDOWNFLAG ${dir}/killpower`,
        ...conf,
      ].join("\n");
      Deno.writeTextFileSync(`${dir}/upsmon.conf`, `${lines}\n`, { mode: 0o600 });
      const upsmon = startProgram("upsmon", ["-D", "-p"], { NUT_CONFPATH: dir });
      try {
        await until("upsmon logs in", () => house.presence("nas")?.online === true, 5_000);
        await run({ house, upsmon, hasShutDown: () => existsSync(`${dir}/down`) });
      } catch (error) {
        throw new Error(
          `${error}\n--- upsmon said:\n${upsmon.text()}\n--- the server said:\n${house.log.text()}`,
        );
      } finally {
        await upsmon.stop();
      }
    });
  } finally {
    await house.stop();
  }
}

/** The last word before silence, with 3 s left until it is stale at the limit of 3 s and the handover of 5 s. */
const AGED = { age_s: 5, grid_age_s: 5 };

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("upsmon shuts its host down within 10 s of the policy's decision, at its own default poll", () =>
  withUpsmon(async ({ house, upsmon, hasShutDown }) => {
    house.state(ON_BATTERY);
    house.policy({ state: "critical" });
    await pause(500);
    house.command("nas", { id: "c1", action: "shutdown", ttl_sec: 300 });
    house.policy(shuttingDown("nas"));
    const decidedMs = Date.now();
    await until("SHUTDOWNCMD runs", hasShutDown, 10_000);
    await until(
      "its session ends",
      () => house.presence("nas")?.online === false,
      10_000 - (Date.now() - decidedMs),
    );
    equal(house.presence("nas")?.going_down, true);
    equal(house.presence("nas")?.last_command_id, "c1");
    deepEqual(house.acks, ["nas shutdown accepted", "nas shutdown shutting_down"]);
    await until("upsmon ends", upsmon.isOver, 2_000);
  }, { pollSec: 5 }));

Deno.test("upsmon does nothing when the power returns before FSD, even after the command was given", () =>
  withUpsmon(async ({ house, upsmon, hasShutDown }) => {
    house.state(ON_BATTERY);
    house.policy({ state: "critical", soc: 10 });
    await until("upsmon sees the outage", () => /on battery/i.test(upsmon.text()), 4_000);
    // Told and called off between two polls: nobody sees it.
    house.command("nas", { id: "c1", action: "shutdown" });
    house.policy(shuttingDown("nas"));
    house.command("nas", { id: "a1", action: "abort" });
    house.policy({ state: "recovery" });
    house.state(ONLINE);
    await until("upsmon sees the grid", () => /on line power/i.test(upsmon.text()), 4_000);
    await pause(3_000);
    equal(hasShutDown(), false);
    equal(upsmon.isOver(), false);
    equal(house.presence("nas")?.online, true);
    deepEqual(house.acks, ["nas shutdown aborted", "nas abort aborted"]);
  }));

Deno.test("upsmon falls back on itself when the server dies on battery", () =>
  withUpsmon(async ({ house, upsmon, hasShutDown }) => {
    house.state(ON_BATTERY);
    await until("upsmon sees the outage", () => /on battery/i.test(upsmon.text()), 4_000);
    await house.stop();
    await until("SHUTDOWNCMD runs", hasShutDown, 15_000);
  }));

Deno.test("upsmon does nothing when data goes stale while online, nor when the server dies then", () =>
  withUpsmon(async ({ house, upsmon, hasShutDown }) => {
    house.state({ ...ONLINE, ...AGED });
    await until("upsmon sees stale data", () => /data stale|DATA-STALE/i.test(upsmon.text()), 8_000);
    await pause(4_000);
    await house.stop();
    await pause(5_000);
    equal(hasShutDown(), false, "longer than DEADTIME");
    equal(upsmon.isOver(), false);
  }, { config: { staleAfterSec: 3 } }));

Deno.test("upsmon waits for the policy while it estimates a silent station, and goes with its decision", () =>
  withUpsmon(async ({ house, upsmon, hasShutDown }) => {
    house.state({ ...ON_BATTERY, ...AGED });
    house.policy({ state: "on_battery", soc: 60, blind: true });
    await until("upsmon sees the outage", () => /on battery/i.test(upsmon.text()), 4_000);
    await pause(7_000);
    equal(hasShutDown(), false, "the station has been silent for longer than the limit and DEADTIME");
    house.policy({ ...shuttingDown("nas"), blind: true });
    await until("SHUTDOWNCMD runs", hasShutDown, 5_000);
  }, { config: { staleAfterSec: 3 } }));

Deno.test("upsmon falls back on itself when station and policy are silent on battery", () =>
  withUpsmon(async ({ house, upsmon, hasShutDown }) => {
    house.state({ ...ON_BATTERY, ...AGED });
    await until("upsmon sees the outage", () => /on battery/i.test(upsmon.text()), 4_000);
    await until("SHUTDOWNCMD runs", hasShutDown, 15_000);
  }, { config: { staleAfterSec: 3 } }));

Deno.test("upsmon that is killed is a lost client, not a host that goes down", () =>
  withUpsmon(async ({ house, upsmon }) => {
    await upsmon.stop("SIGKILL");
    await until("the host is offline", () => house.presence("nas")?.online === false, 2_000);
    equal(house.presence("nas")?.going_down, undefined);
  }));

const pem = (name: string) => readFileSync(new URL(`../testdata/${name}.pem`, import.meta.url), "utf8");

for (const conf of [[], ["FORCESSL 1", "CERTVERIFY 0"]]) {
  Deno.test(`upsmon works inside TLS when there is a certificate, with ${conf.join(", ") || "nothing configured"}`, () =>
    withUpsmon(async ({ house, hasShutDown }) => {
      house.state(ON_BATTERY);
      house.policy(shuttingDown("nas"));
      await until("SHUTDOWNCMD runs", hasShutDown, 6_000);
      equal(house.log.text().includes("CLIENT IN TLS"), true);
    }, { config: { certPem: pem("server.cert"), keyPem: pem("server.key") }, conf }));
}
