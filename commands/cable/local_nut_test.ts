import assert from "node:assert/strict";
import { freePort } from "../../scripts/simulate/mosquitto.ts";
import { lackPrograms } from "../../services/nut_server/testdata/debian_programs.ts";
import { UPS, withDummyHouse } from "../../services/nut_source/testdata/dummy_house.ts";
import { listOf, type Manners, withHostileNut } from "../../services/nut_source/testdata/hostile_nut.ts";
import { foundWords } from "./cable_words.ts";
import { findUpses } from "./local_nut.ts";

const HOST = "127.0.0.1";
const ON_LINE = { "ups.status": "OL", "battery.charge": 88, "ups.model": "RIVER 3 Plus" };

/** What is found at a server with such manners, and how long it took, ms. */
const foundAt = (manners: Manners) =>
  withHostileNut(manners, async ({ port, counts }) => {
    const beganMs = performance.now();
    const found = await findUpses({ host: HOST, port });
    return { found, tookMs: performance.now() - beganMs, counts: counts() };
  });

/** A well-behaved server with some UPSes, but for what `odd` answers. */
const serving =
  (list: string, odd: (line: string) => string | undefined = () => undefined): Manners => (line, socket) => {
    const ups = /^LIST VAR (\S+)$/.exec(line)?.[1];
    const answer = odd(line) ??
      (line === "LIST UPS"
        ? list
        : line === "VER"
        ? "Network UPS Tools upsd 2.8.3\n"
        : ups === undefined
        ? "ERR UNKNOWN-COMMAND\n"
        : listOf(ups, ON_LINE));
    if (answer !== "") socket.write(answer);
  };

Deno.test({
  name:
    "findUpses() finds what Debian's real upsd has, and says of a UPS without a driver why it says nothing",
  ignore: lackPrograms("upsd", "dummy-ups"),
  fn: () =>
    withDummyHouse(ON_LINE, async ({ port, text }) => {
      const endMs = Date.now() + 20_000;
      let words: string[] = [];
      while (!words.some((word) => /charge 88/.test(word))) {
        if (Date.now() > endMs) throw new Error(`found ${words}\n${text()}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        words = (await findUpses({ host: HOST, port }) ?? []).map(foundWords).toSorted();
      }
      assert.deepEqual(words, [
        '"dead": it answered "ERR DRIVER-NOT-CONNECTED", wanted a whole list',
        `"${UPS}": RIVER 3 Plus: on line (OL), charge 88 %`,
      ]);
    }, { upsConf: '[dead]\n driver = dummy-ups\n port = dead.dev\n desc = "gone"\n' }),
});

Deno.test("findUpses() finds nothing where no server listens", async () => {
  assert.equal(await findUpses({ host: HOST, port: freePort() }), undefined);
});

for (
  const [name, manners] of [
    ["never answers", () => {}],
    ["stops in the middle of its list", (_, socket) => void socket.write('BEGIN LIST UPS\nUPS a "A"\n')],
    [
      "never says its version",
      serving('BEGIN LIST UPS\nUPS a "A"\nEND LIST UPS\n', (line) => line === "VER" ? "" : undefined),
    ],
  ] as readonly (readonly [string, Manners])[]
) {
  Deno.test(`findUpses() gives up a server that ${name}, within seconds`, async () => {
    const { found, tookMs } = await foundAt(manners);
    assert.equal(found, undefined);
    assert.ok(tookMs < 5000, `${tookMs} ms`);
  });
}

for (
  const [name, answer] of [
    ["speaks HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["answers bytes", "\u0000\u00ff\u001b[2J\n"],
    ["answers an endless line", "x".repeat(200_000)],
    ["answers an endless list", "BEGIN LIST UPS\n" + 'UPS a "A"\n'.repeat(20_000)],
    ["refuses", "ERR ACCESS-DENIED\n"],
  ] as const
) {
  Deno.test(`findUpses() takes a server that ${name} for none`, async () => {
    const { found } = await foundAt((_, socket) => void socket.end(answer));
    assert.equal(found, undefined);
  });
}

Deno.test("findUpses() offers no UPS of this product's own server", async () => {
  const list = 'BEGIN LIST UPS\nUPS a "A"\nEND LIST UPS\n';
  const own = serving(list, (line) => line === "VER" ? "ecoflow-power 1.0\n" : undefined);
  assert.equal((await foundAt(own)).found, undefined);
});

Deno.test("findUpses() leaves names out that are none, and reads each UPS once, and not without end", async () => {
  const names = [
    "a",
    "a",
    "b c",
    "\u001b[2J",
    "x".repeat(65),
    ...Array.from({ length: 500 }, (_, i) => `u${i}`),
  ];
  const lines = names.map((name) => `UPS ${name} "d"\n`).join("");
  const { found, counts } = await foundAt(serving(`BEGIN LIST UPS\n${lines}END LIST UPS\n`));
  assert.deepEqual(found?.slice(0, 2).map(({ ups }) => ups), ["a", "u0"]);
  assert.equal(found.length, 32);
  assert.equal(counts.all, 34);
});

Deno.test("findUpses() says of each UPS what is wrong with it, and shows no control characters", async () => {
  const list = 'BEGIN LIST UPS\nUPS good "A"\nUPS stale "B"\nUPS mute "C"\nUPS odd "D"\nEND LIST UPS\n';
  const { found } = await foundAt(
    serving(
      list,
      (line) =>
        line === "LIST VAR stale"
          ? "ERR DATA-STALE\n"
          : line === "LIST VAR mute"
          ? ""
          : line === "LIST VAR odd"
          ? listOf("odd", {
            ...ON_LINE,
            "ups.status": "OL \u001b[2J\u202eX",
            "ups.model": "A\u001b[31mB\u202e",
          })
          : undefined,
    ),
  );
  const words = found?.map(foundWords) ?? [];
  assert.match(words[0] ?? "", /^"good": RIVER 3 Plus: on line \(OL\), charge 88 %$/);
  assert.match(words[1] ?? "", /DATA-STALE/);
  assert.match(words[2] ?? "", /^"mute": .*(time|answer)/i);
  assert.equal(words[3], '"odd": A[31mB: on line (OL [2JX), charge 88 %');
});
