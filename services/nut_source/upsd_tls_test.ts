/** The client's STARTTLS and log-in against Debian's real `upsd`, and what it refuses there. */
import assert from "node:assert/strict";
import { askOverTcp, listOverTcp, type NutTarget } from "../../lib/nut/client.ts";
import { readUpsVars } from "../../lib/nut/ups_vars.ts";
import { lackPrograms } from "../nut_server/testdata/debian_programs.ts";
import { type DummyHouse, type DummyHouseOptions, UPS, withDummyHouse } from "./testdata/dummy_house.ts";
import { lackTls, OTHER_NAME, SIGNERS, WITH_TLS } from "./testdata/upsd_tls.ts";

const ON_LINE = { "ups.status": "OL", "battery.charge": 88 };
const LOGIN = { user: "me", password: 's3cret "word" \\1#' };
const TLS = { caPem: SIGNERS.own };

const ask = (house: DummyHouse, target: Partial<NutTarget>) =>
  listOverTcp({ host: "localhost", port: house.port, ups: UPS, ...target }, AbortSignal.timeout(5000));

/** A house whose server has the UPS's data, asked in clear. */
async function inHouse(
  run: (house: DummyHouse) => Promise<void>,
  options?: DummyHouseOptions,
): Promise<void> {
  await withDummyHouse(ON_LINE, async (house) => {
    const endMs = Date.now() + 20_000;
    for (;;) {
      const answer = await ask(house, { host: "127.0.0.1" }).catch(String);
      if (/battery\.charge/.test(answer)) break;
      if (Date.now() > endMs) throw new Error(`upsd has no data: ${answer}\n${house.text()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await run(house);
  }, options);
}

Deno.test({
  name:
    "listOverTcp() logs in at a real upsd over STARTTLS with a verified certificate, by name and by address",
  ignore: lackTls(),
  fn: () =>
    inHouse(async (house) => {
      for (const host of ["localhost", "127.0.0.1"]) {
        const answer = await ask(house, { host, tls: TLS, login: LOGIN });
        assert.deepEqual([readUpsVars(answer, UPS).grid, readUpsVars(answer, UPS).soc], [true, 88]);
      }
      // This server looks at user and password with LOGIN only, which the product never says.
      const login = (password: string) =>
        askOverTcp(
          { host: "localhost", port: house.port, ups: UPS, tls: TLS, login: { ...LOGIN, password } },
          `LOGIN ${UPS}\n`,
          AbortSignal.timeout(5000),
        );
      assert.equal(await login(LOGIN.password), "OK");
      assert.equal(await login("another"), "ERR ACCESS-DENIED");
    }, WITH_TLS),
});

Deno.test({
  name:
    "listOverTcp() refuses a real upsd whose certificate is of another name, or that nobody trusted signed",
  ignore: lackTls(),
  fn: () =>
    inHouse(async (house) => {
      const other = { host: OTHER_NAME };
      assert.match(await ask(house, other), /ups\.status/, "in clear it is the same server");
      for (
        const [target, problem] of [
          [{ ...other, tls: TLS }, /certificate.*name|NotValidForName/i],
          [{ tls: { caPem: SIGNERS.other } }, /certificate|issuer/i],
          [{ tls: {} }, /certificate|issuer/i],
        ] as const
      ) {
        await assert.rejects(ask(house, { ...target, login: LOGIN }), problem);
      }
      assert.match(await ask(house, { tls: TLS }), /ups\.status/);
    }, WITH_TLS),
});

Deno.test({
  name: "listOverTcp() asks a real upsd without TLS nothing, and says no password to it, when TLS is wanted",
  ignore: lackPrograms("upsd", "dummy-ups"),
  fn: () =>
    inHouse((house) =>
      assert.rejects(ask(house, { tls: TLS, login: LOGIN }), /ERR FEATURE-NOT-CONFIGURED.*STARTTLS/)
    ),
});
