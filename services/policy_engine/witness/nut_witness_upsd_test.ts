/** The witness against Debian's real NUT server with its own dummy driver. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { freePort } from "../../../scripts/simulate/mosquitto.ts";
import { havePrograms, inTempDir, startProgram } from "../../nut_server/testdata/debian_programs.ts";
import { askOverTcp, listOverTcp } from "../../../lib/nut/client.ts";
import { readUpsStatus, readUpsVars } from "../../../lib/nut/ups_vars.ts";

Deno.test("askOverTcp() reads the word of a real upsd: online, on battery, stale, gone", async () => {
  if (!havePrograms("upsd", "dummy-ups")) return;
  const port = freePort();
  const files = {
    "ups.conf": "[rack]\n driver = dummy-ups\n port = rack.dev\n mode = dummy-once\n pollinterval = 1\n",
    "upsd.conf": `LISTEN 127.0.0.1 ${port}\nMAXAGE 3\n`,
    "upsd.users": "",
    "rack.dev": "ups.status: OL\n",
  };
  await inTempDir(files, async (dir) => {
    const env = { NUT_CONFPATH: dir, NUT_STATEPATH: dir, NUT_ALTPIDPATH: dir };
    const { username } = userInfo();
    const driver = startProgram("dummy-ups", ["-a", "rack", "-u", username, "-D"], env);
    const upsd = startProgram("upsd", ["-u", username, "-D", "-P", `${dir}/upsd.pid`], env);
    const target = { host: "127.0.0.1", port, ups: "rack" };
    const ask = async () => {
      try {
        const answer = await askOverTcp(target, "GET VAR rack ups.status\n", new AbortController().signal);
        return { answer, reading: readUpsStatus(answer) };
      } catch (error) {
        return { answer: String(error), reading: undefined };
      }
    };
    /** Asks until the server says it: it starts, and reads its driver, in its own time. */
    const until = async (what: string, isIt: (said: Awaited<ReturnType<typeof ask>>) => boolean) => {
      let said = await ask();
      for (let tries = 0; !isIt(said); tries++) {
        assert.ok(
          tries < 300,
          `never ${what}; the last answer: ${said.answer}\n${upsd.text()}${driver.text()}`,
        );
        await new Promise((resolve) => setTimeout(resolve, 100));
        said = await ask();
      }
    };
    try {
      await until("online", ({ reading }) => reading === true);
      const list = async () => readUpsVars(await listOverTcp(target, new AbortController().signal), "rack");
      const rest = { inVolts: undefined, tempCelsius: undefined, model: "Dummy UPS", serial: undefined };
      assert.deepEqual(await list(), {
        ...rest,
        grid: true,
        status: "OL",
        soc: undefined,
        dischargeMin: undefined,
        outWatts: undefined,
      });
      writeFileSync(
        `${dir}/rack.dev`,
        "battery.charge: 81\nbattery.runtime: 5430\nups.realpower: 47\nups.status: OB DISCHRG\n",
      );
      await until("on battery", ({ reading }) => reading === false);
      assert.deepEqual(await list(), {
        ...rest,
        grid: false,
        status: "OB DISCHRG",
        soc: 81,
        dischargeMin: 90,
        outWatts: 47,
      });
      Deno.kill(driver.pid, "SIGSTOP");
      await until("stale", ({ answer, reading }) => reading === undefined && /DATA-STALE/.test(answer));
      await assert.rejects(list, /DATA-STALE/);
      await upsd.stop();
      await until("gone", ({ answer, reading }) => reading === undefined && !/DATA-STALE/.test(answer));
    } finally {
      if (!driver.isOver()) Deno.kill(driver.pid, "SIGCONT");
      await driver.stop();
      await upsd.stop();
    }
  });
});
