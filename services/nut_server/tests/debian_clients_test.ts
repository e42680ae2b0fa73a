import { deepEqual, equal, match } from "node:assert/strict";
import { havePrograms, runProgram, startProgram, until } from "../testdata/debian_programs.ts";
import { LineClient } from "../testdata/line_client.ts";
import { ONLINE, startHouse, type TestHouse } from "../testdata/test_house.ts";

async function inHouse(run: (house: TestHouse, at: (ups: string) => string) => Promise<void>): Promise<void> {
  const house = await startHouse();
  try {
    house.state(ONLINE);
    house.policy({ state: "online", soc_min: 10 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await run(house, (ups) => `${ups}@127.0.0.1:${house.port}`);
  } finally {
    await house.stop();
  }
}

Deno.test("createNutServer() is read by Debian's upsc", async () => {
  if (!havePrograms("upsc")) return;
  await inHouse(async (house, at) => {
    const where = `127.0.0.1:${house.port}`;
    deepEqual(await runProgram("upsc", "-l", where), { code: 0, text: "ups\nplain\n" });
    deepEqual(await runProgram("upsc", "-L", where), {
      code: 0,
      text: 'ups: Delta "test"\nplain: Description unavailable\n',
    });
    const { code, text } = await runProgram("upsc", at("ups"));
    equal(code, 0);
    match(text, /^battery\.charge: 87$/m);
    match(text, /^battery\.runtime: 19200$/m);
    match(text, /^ups\.status: OL CHRG$/m);
    deepEqual(await runProgram("upsc", at("UPS"), "battery.charge.low"), { code: 0, text: "10\n" });
    deepEqual(await runProgram("upsc", at("ups"), "ups.nope"), {
      code: 1,
      text: "Error: Variable not supported by UPS\n",
    });
    deepEqual(await runProgram("upsc", at("nope")), { code: 1, text: "Error: Unknown UPS\n" });
    deepEqual(await runProgram("upsc", "-c", at("ups")), { code: 0, text: "" });
    const client = await LineClient.connect(house.port);
    try {
      await client.askAll("USERNAME monuser", "PASSWORD secret", "LOGIN ups");
      deepEqual(await runProgram("upsc", "-c", at("ups")), { code: 0, text: "127.0.0.1\n" });
    } finally {
      client.close();
    }
  });
});

Deno.test("createNutServer() offers nothing to Debian's upscmd and upsrw", async () => {
  if (!havePrograms("upscmd", "upsrw")) return;
  await inHouse(async (_house, at) => {
    deepEqual(await runProgram("upscmd", "-l", at("ups")), {
      code: 0,
      text: "Instant commands supported on UPS [ups]:\n\n",
    });
    deepEqual(await runProgram("upsrw", at("ups")), { code: 0, text: "" });
    const command = await runProgram("upscmd", "-u", "prim", "-p", "primpw", at("ups"), "load.off");
    equal(command.code, 1);
    match(command.text, /CMD-NOT-SUPPORTED/);
    const set = await runProgram("upsrw", "-s", "ups.id=x", "-u", "prim", "-p", "primpw", at("ups"));
    equal(set.code, 1);
    match(set.text, /ACCESS-DENIED/);
  });
});

Deno.test("createNutServer() is logged by Debian's upslog", async () => {
  if (!havePrograms("upslog")) return;
  await inHouse(async (_house, at) => {
    const upslog = startProgram("upslog", ["-s", at("ups"), "-l", "-", "-i", "1"]);
    try {
      await until(
        "upslog writes a line",
        () => /^\d{8} \d{6} 87 231 5 \[OL CHRG\] NA NA$/m.test(upslog.text()),
        5_000,
      );
    } finally {
      await upslog.stop();
    }
  });
});
