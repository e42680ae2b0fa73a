import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { havePrograms, inTempDir, type Running, startProgram, until } from "../testdata/debian_programs.ts";
import type { NutServerConfig } from "../slice.ts";
import {
  ON_BATTERY,
  ONLINE,
  shuttingDown,
  startHouse,
  type TestHouse,
  TOPICS,
} from "../testdata/test_house.ts";

/** A house with a real upsmon in it, logged in and in the clear about the state. */
interface Scene {
  readonly house: TestHouse;
  readonly upsmon: Running;
  /** Whether it has run its (harmless) SHUTDOWNCMD. */
  hasShutDown(): boolean;
}

async function withUpsmon(
  run: (scene: Scene) => Promise<void>,
  { pollSec = 1, config = {}, conf = [], account = "monuser secret", isLetIn = true, host = "127.0.0.1" }: {
    pollSec?: number;
    config?: Partial<NutServerConfig>;
    /** User and password as they stand in upsmon.conf. */
    account?: string;
    /** False: it is not waited for. */
    isLetIn?: boolean;
    /** How it calls the server. */
    host?: string;
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
        `MONITOR ups@${host}:${house.port} 1 ${account} secondary`,
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
        if (isLetIn) await until("upsmon logs in", () => house.presence("nas")?.online === true, 5_000);
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

Deno.test("upsmon with an empty SHUTDOWNCMD, as an appliance has it, leaves at once, and its host counts as up for down_after_s", () =>
  withUpsmon(async ({ house, upsmon }) => {
    house.state(ON_BATTERY);
    house.command("nas", { id: "c1", action: "shutdown", ttl_sec: 300 });
    house.policy(shuttingDown("nas"));
    await until("upsmon leaves", () => house.presence("nas")?.going_down === true, 6_000);
    const leftMs = Date.now();
    equal(house.presence("nas")?.online, true);
    await until("its time is over", () => house.presence("nas")?.online === false, 6_000);
    const tookMs = Date.now() - leftMs;
    ok(tookMs > 2_500 && tookMs < 5_000, `${tookMs} ms`);
    equal(house.presence("nas")?.last_command_id, "c1");
    await until("upsmon ends", upsmon.isOver, 2_000);
  }, {
    conf: ['SHUTDOWNCMD ""'],
    config: { users: [{ name: "monuser", password: "secret", role: "secondary", downAfterSec: 3 }] },
  }));

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

Deno.test("upsmon with a wrong password reads on, and the log, health and journal name it and its host, once", () =>
  withUpsmon(async ({ house, upsmon }) => {
    const events: string[] = [];
    house.broker.watch(({ topic, payload }) => {
      if (topic === TOPICS.events) events.push(JSON.parse(new TextDecoder().decode(payload)).kind);
    });
    await until("it is told", () => house.health().some(({ code }) => code === "nut_host_missing"), 5_000);
    await pause(5_000);
    equal(upsmon.isOver(), false, "it goes on as if nothing were wrong");
    const told = house.log.text().split("\n").filter((line) => line.includes("LOGIN REFUSED"));
    equal(told.length, 1, told.join("\n"));
    match(told[0] ?? "", /user=monuser ups=ups address=127\.0\.0\.1 why="the password is wrong" host=nas/);
    deepEqual(events, ["nut_host_missing"]);
  }, { account: "monuser wrong", isLetIn: false }));

/** Printable ASCII without what the configuration refuses. */
const SENDABLE = "!$%&'()*+,-./09:;<>?@AZ[]^_`az{|}~";

Deno.test("upsmon logs in with every character that a password may have", () =>
  withUpsmon(({ house }) => Promise.resolve(equal(house.presence("nas")?.online, true)), {
    account: `monuser "${SENDABLE}"`,
    config: { users: [{ name: "monuser", password: SENDABLE, role: "secondary" }] },
  }));

for (const char of [" ", "=", "\\"]) {
  Deno.test(`upsmon cannot log in with "${char}" in its password, and its refusal is told`, () =>
    withUpsmon(async ({ house }) => {
      await until("it is told", () => house.log.text().includes("LOGIN REFUSED"), 5_000);
      await pause(2_000);
      equal(house.presence("nas")?.online, undefined);
    }, {
      account: `monuser "a${char === "\\" ? "\\\\" : char}b"`,
      config: { users: [{ name: "monuser", password: `a${char}b`, role: "secondary" }] },
      isLetIn: false,
    }));
}

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

/** The certutil commands of docs/nut/proxmox.md, for another directory and another authority. */
function certutilCommands(database: string, authority: string): string {
  const page = readFileSync(new URL("../../../docs/nut/proxmox.md", import.meta.url), "utf8");
  const [, block = ""] = /```sh\n([\s\S]*?)```/.exec(page) ?? [];
  const commands = block.split("\n").filter((line) => line !== "" && !line.startsWith("apt "));
  equal(commands.filter((line) => line.startsWith("certutil ")).length, 3, "the page has three of them");
  return commands.join("\n").replaceAll("/etc/nut/nss", database).replaceAll(
    "/etc/nut/house-ca.pem",
    authority,
  );
}

for (const [name, isTrusted] of [["of the house", true], ["of somebody else", false]] as const) {
  Deno.test({
    name: `upsmon with the database that the page's certutil commands make ${
      isTrusted ? "trusts" : "refuses"
    } a server with a certificate ${name}`,
    // Where the package libnss3-tools is not there, the page cannot be tried.
    ignore: !existsSync("/usr/bin/certutil"),
    fn: () =>
      inTempDir({}, async (dir) => {
        const authority = fileURLToPath(
          new URL(`../testdata/${isTrusted ? "ca" : "other_ca"}.cert.pem`, import.meta.url),
        );
        const commands = certutilCommands(`${dir}/nss`, authority);
        const { code, stderr } = await new Deno.Command("sh", { args: ["-ec", commands] }).output();
        equal(code, 0, new TextDecoder().decode(stderr));
        await withUpsmon(
          async ({ house, upsmon }) => {
            if (isTrusted) {
              await until("it logs in", () => house.presence("nas")?.online === true, 5_000);
              return match(house.log.text(), /CLIENT IN TLS/);
            }
            await until("it refuses", () => upsmon.text().includes("Certificate validation failed"), 5_000);
            await pause(2_000);
            equal(house.presence("nas")?.online, undefined);
          },
          {
            isLetIn: false,
            host: "localhost",
            config: { certPem: pem("server.cert"), keyPem: pem("server.key") },
            conf: [`CERTPATH ${dir}/nss`, "CERTVERIFY 1", "FORCESSL 1"],
          },
        );
      }),
  });
}
