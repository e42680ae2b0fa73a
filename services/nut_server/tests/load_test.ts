import { equal, ok } from "node:assert/strict";
import { measureNut } from "../../../scripts/bench/nut/nut.ts";
import { LineClient } from "../testdata/line_client.ts";
import { ONLINE, startHouse } from "../testdata/test_house.ts";

Deno.test("NutListener answers 1,000 clients among bad ones, in bounded time and memory", async () => {
  const figures = await measureNut({ clients: 1000, hostile: 50, seconds: 3 });
  const shown = JSON.stringify(figures);
  equal(figures.unanswered, 0, shown);
  ok(figures.latencyMs.count >= 2_000, shown);
  ok(figures.latencyMs.p99 < 2_500, `half of what clients wait: ${shown}`);
  ok(figures.mostMemory.pss < figures.idleMemory.pss + 250, shown);
});

Deno.test("NutListener keeps to its limits when one address opens 1,000 connections", async () => {
  const house = await startHouse();
  house.state(ONLINE);
  const clients: LineClient[] = [];
  try {
    for (let i = 0; i < 1000; i++) clients.push(await LineClient.connect(house.port));
    const last = clients.at(-1);
    equal((await last?.ask("GET VAR ups battery.charge"))?.[0], 'VAR ups battery.charge "87"');
    ok(
      house.service.connections <= 32,
      `${house.service.connections} connections, 32 are allowed an address`,
    );
  } finally {
    for (const client of clients) client.close();
    await house.stop();
  }
});
