/** The NUT server with the real policy engine on one broker: a host that has only a NUT client is told, proven down, called off. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { parsePolicyFile } from "../../policy_engine/rules/policy_file.ts";
import { DOUBT_MS } from "../../policy_engine/snapshot/power_return.ts";
import type { LineClient } from "../testdata/line_client.ts";
import { gone, POLICY, type Scene, withPolicy } from "../testdata/policy_scene.ts";
import { ON_BATTERY, ONLINE, TEST_CONFIG, type TestHouse, TOPICS } from "../testdata/test_house.ts";

const statusOf = async (client: LineClient) => (await client.ask("GET VAR ups ups.status"))[0];

const LOW: PowerState = { ...ON_BATTERY, soc: 9 };

Deno.test("PolicyEngine proves a host down by the end of its NUT session", () =>
  withPolicy(async (scene) => {
    const { house, pass, connect, hostState } = scene;
    await pass(5, ONLINE);
    const nas = await connect();
    await settle();
    equal(hostState(), "online");
    await pass(25, LOW);
    equal(
      await statusOf(nas),
      'VAR ups ups.status "OB DISCHRG"',
      "the policy's debounce runs: no LB that clients act on",
    );
    await pass(10, LOW);
    equal(hostState(), "told");
    equal(await statusOf(nas), 'VAR ups ups.status "FSD OB LB DISCHRG"');
    await settle();
    equal(hostState(), "shutting_down");
    nas.close();
    await gone(scene);
    equal(hostState(), "down");
    equal(house.presence("nas")?.going_down, true);
    await pass(5, { ...ONLINE, soc: 9 });
    const back = await connect();
    equal(await statusOf(back), 'VAR ups ups.status "OL CHRG"');
    await settle();
    equal(hostState(), "online");
  }));

Deno.test("PolicyEngine calls a NUT host off that has not seen FSD, once", () =>
  withPolicy(async ({ house, pass, connect, hostState }) => {
    const commands: string[] = [];
    house.broker.watch(({ topic, payload }) => {
      if (topic === TOPICS.command("nas")) {
        commands.push(JSON.parse(new TextDecoder().decode(payload)).action);
      }
    });
    await pass(5, ONLINE);
    const nas = await connect();
    await pass(40, LOW);
    equal(hostState(), "told");
    await pass(5, ONLINE);
    equal(await statusOf(nas), 'VAR ups ups.status "OL CHRG"');
    await pass(50, ONLINE);
    deepEqual(commands, ["shutdown", "abort"]);
    equal(hostState(), "online");
  }));

Deno.test("PolicyEngine does not count a NUT host as down that was lost before it saw FSD, and tells it when it is back", () =>
  withPolicy(async (scene) => {
    const { pass, connect, hostState } = scene;
    await pass(5, ONLINE);
    const nas = await connect();
    await pass(40, LOW);
    nas.close();
    await gone(scene);
    equal(hostState(), "told");
    const again = await connect();
    equal(await statusOf(again), 'VAR ups ups.status "FSD OB LB DISCHRG"');
    await settle();
    equal(hostState(), "shutting_down");
  }));

Deno.test("PolicyEngine sends a NUT host down again that comes back in mid-outage", () =>
  withPolicy(async (scene) => {
    const { pass, connect, hostState } = scene;
    await pass(5, ONLINE);
    const nas = await connect();
    await pass(40, LOW);
    await statusOf(nas);
    await settle();
    nas.close();
    await gone(scene);
    equal(hostState(), "down");
    const again = await connect();
    await pass(5, LOW);
    match(await statusOf(again) ?? "", /FSD OB LB/);
    await settle();
    equal(hostState(), "shutting_down");
  }));

Deno.test("PolicyEngine's estimate keeps NUT clients waiting while a station is silent on battery, and then shuts them down", () =>
  withPolicy(async ({ clock, pass, connect, hostState }) => {
    await pass(5, ONLINE);
    await pass(10, { ...ON_BATTERY, soc: 30, discharge_min: 20, out_watts: 500 });
    let sawFsd = false;
    let minutes = 0;
    // Across the very moment at which the station counts as silent, not one poll hears "stale".
    await pass(110, undefined);
    const poller = await connect();
    for (let second = 110; second <= 140; second++) {
      const answer = await statusOf(poller);
      equal(answer, 'VAR ups ups.status "OB DISCHRG"', `after ${second} s`);
      await clock.advance(1_000);
    }
    for (; minutes < 15 && !sawFsd; minutes++) {
      await pass(60, undefined);
      const client = await connect();
      const answer = await statusOf(client) ?? "";
      ok(/"(FSD )?OB/.test(answer), `after ${minutes + 1} min: ${answer}`);
      sawFsd = answer.includes("FSD OB LB");
      client.close();
    }
    ok(sawFsd && minutes >= 2, `FSD after ${minutes} min`);
    await settle();
    equal(["shutting_down", "down"].includes(hostState()), true, hostState());
  }));

Deno.test("PolicyEngine's estimate stands in for a charge that a station on battery no longer tells, and shuts hosts down", () =>
  withPolicy(async ({ pass, connect, hostState }) => {
    const out = { ...ON_BATTERY, soc: 30, discharge_min: 20, out_watts: 500 };
    await pass(5, ONLINE);
    await pass(10, { ...out, soc_age_s: 0 });
    const poller = await connect();
    const charges: number[] = [];
    let status = "";
    for (let second = 0; second < 900 && !status.includes("FSD"); second += 5) {
      await pass(5, { ...out, soc_age_s: 5 + second });
      status = await statusOf(poller) ?? "";
      const [charge = ""] = await poller.ask("GET VAR ups battery.charge");
      match(status, /"(FSD )?OB/, `after ${second} s`);
      charges.push(Number(/"(\d+)"/.exec(charge)?.[1]));
    }
    match(status, /FSD OB LB/);
    deepEqual(charges, charges.toSorted((a, b) => b - a), "it only falls");
    equal(charges[0], 30);
    ok((charges.at(-1) ?? 30) <= 10, `at ${charges.at(-1)} %`);
    await settle();
    equal(hostState(), "shutting_down");
  }));

/** An outage in which the NAS was sent down, the battery ended, and the power came back after two hours. */
async function afterAPowerCut(run: (scene: Scene, status: () => Record<string, unknown>) => Promise<void>) {
  const machine = { clock: new TestClock(), disk: {} };
  await withPolicy(async (scene) => {
    await scene.pass(5, ONLINE);
    const nas = await scene.connect();
    await scene.pass(40, LOW);
    match(await statusOf(nas) ?? "", /FSD OB LB/);
    nas.close();
    await gone(scene);
  }, { ...machine, bootId: "a" });
  // The clock goes on where it was stored: by it the stop took 40 s.
  await machine.clock.advance(40_000);
  const status = (scene: Scene) => () =>
    JSON.parse(scene.house.broker.retained(TOPICS.policy("Study")) ?? "{}");
  await withPolicy((scene) => run(scene, status(scene)), { ...machine, bootId: "b" });
}

Deno.test("PolicyEngine in doubt after a reboot lets no NUT host that has just booted read FSD, OB or LB", () =>
  afterAPowerCut(async ({ connect, pass }, status) => {
    for (let minute = 0; minute < 4; minute++) {
      await pass(60, undefined);
      equal(await statusOf(await connect()), "ERR DRIVER-NOT-CONNECTED");
      equal(status().in_doubt, true);
      match(String(status().sentence), /nobody knows yet whether it goes on/);
    }
  }));

Deno.test("PolicyEngine in doubt after a reboot leaves a NUT host up when the station says that the grid is there", () =>
  afterAPowerCut(async ({ connect, pass }, status) => {
    const nas = await connect();
    await pass(10, { ...ONLINE, soc: 9 });
    equal(await statusOf(nas), 'VAR ups ups.status "OL CHRG"');
    equal(status().in_doubt, undefined);
    await pass(400, { ...ONLINE, soc: 9 });
    equal(await statusOf(await connect()), 'VAR ups ups.status "OL CHRG"');
  }));

Deno.test("PolicyEngine in doubt after a reboot sends a NUT host down at once when the station says that the grid is gone", () =>
  afterAPowerCut(async ({ connect, pass }, status) => {
    const nas = await connect();
    await pass(10, LOW);
    match(await statusOf(nas) ?? "", /FSD OB LB/);
    equal(status().in_doubt, undefined);
  }));

Deno.test("PolicyEngine sends a NUT host down after five minutes of doubt in which nobody said anything", () =>
  afterAPowerCut(async ({ connect, pass }, status) => {
    await pass(DOUBT_MS / 1000 - 5, undefined);
    const nas = await connect();
    equal(await statusOf(nas), "ERR DRIVER-NOT-CONNECTED");
    await pass(10, undefined);
    match(await statusOf(nas) ?? "", /FSD OB LB/);
    equal(status().in_doubt, undefined);
  }));

Deno.test("PolicyEngine restarted in the same boot keeps showing FSD to a NUT host that was told", async () => {
  const machine = { clock: new TestClock(), disk: {}, bootId: "a" };
  await withPolicy(async ({ connect, pass }) => {
    await pass(5, ONLINE);
    await connect();
    await pass(40, LOW);
  }, machine);
  await machine.clock.advance(40_000);
  await withPolicy(async ({ connect }) => {
    await settle();
    match(await statusOf(await connect()) ?? "", /FSD OB LB/);
  }, machine);
});

/** `nas` goes first, then `pve`. */
const STAGES = '[[station.Study.stage]]\nhosts = ["nas"]\n[[station.Study.stage]]\nhosts = ["pve"]\n';

for (const [downAfterSec, waits] of [[undefined, false], [120, true]] as const) {
  Deno.test(`PolicyEngine begins the next stage ${downAfterSec ?? 0} s after a NUT client left as it was told`, () => {
    const stations = { Study: ["nas", "pve"] };
    const file = parsePolicyFile(STAGES, "policy.toml", { ...POLICY, stations });
    const users = TEST_CONFIG.users.map((user) => user.name === "monuser" ? { ...user, downAfterSec } : user);
    return withPolicy(
      async (scene) => {
        const { house, clock, pass, connect } = scene;
        const states = () =>
          JSON.parse(house.broker.retained(TOPICS.policy("Study")) ?? "{}").hosts?.map((
            { state }: { state: string },
          ) => state);
        await pass(5, ONLINE);
        const nas = await connect();
        await pass(40, LOW);
        match(await statusOf(nas) ?? "", /FSD OB LB/);
        await settle();
        const told = clock.monoMs();
        nas.close();
        for (let i = 0; i < 300 && house.presence("nas")?.going_down !== true; i++) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await settle();
        await pass(10, LOW);
        deepEqual(states(), waits ? ["shutting_down", "unknown"] : ["down", "told"]);
        equal(house.presence("nas")?.online, waits);
        await pass(105, LOW);
        deepEqual(states()[0], waits ? "shutting_down" : "down", `${(clock.monoMs() - told) / 1000} s later`);
        await pass(10, LOW);
        deepEqual(states(), ["down", "told"], `${(clock.monoMs() - told) / 1000} s later`);
        equal(house.presence("nas")?.online, false);
      },
      undefined,
      { nut: { users }, policy: { stations, file } },
    );
  });
}

Deno.test("PolicyEngine counts a host as up again that logs in before its time to go down is over", () => {
  const users = TEST_CONFIG.users.map((user) => ({ ...user, downAfterSec: 120 }));
  return withPolicy(
    async ({ house, pass, connect, hostState }) => {
      await pass(5, ONLINE);
      const nas = await connect();
      await pass(40, LOW);
      await statusOf(nas);
      nas.close();
      for (let i = 0; i < 300 && house.presence("nas")?.going_down !== true; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await pass(60, { ...ONLINE, soc: 9 });
      const back = await connect();
      equal(await statusOf(back), 'VAR ups ups.status "OL CHRG"');
      for (let i = 0; i < 4; i++) {
        await pass(50, { ...ONLINE, soc: 9 });
        equal(await statusOf(back), 'VAR ups ups.status "OL CHRG"');
      }
      deepEqual([house.presence("nas")?.online, house.presence("nas")?.going_down], [true, undefined]);
      equal(hostState(), "online");
    },
    undefined,
    { nut: { users } },
  );
});

/** Answers to commands, from now on. */
function answersOf(house: TestHouse): string[] {
  const answers: string[] = [];
  house.broker.watch(({ topic, payload }) => {
    if (topic !== TOPICS.ack("nas")) return;
    const { status } = JSON.parse(new TextDecoder().decode(payload));
    answers.push(status);
  });
  return answers;
}

Deno.test("PolicyEngine restarted before a NUT client saw FSD hears one answer", async () => {
  const machine = { clock: new TestClock(), disk: {}, bootId: "a" };
  await withPolicy(async ({ connect, pass, hostState }) => {
    await pass(5, ONLINE);
    await connect();
    await pass(40, LOW);
    equal(hostState(), "told");
  }, machine);
  await machine.clock.advance(10_000);
  await withPolicy(async (scene) => {
    const { house, connect, pass, hostState } = scene;
    const answers = answersOf(house);
    await pass(5, LOW);
    const nas = await connect();
    match(await statusOf(nas) ?? "", /FSD OB LB/);
    for (let i = 0; i < 6; i++) {
      await pass(5, LOW);
      match(await statusOf(nas) ?? "", /FSD OB LB/);
    }
    await settle();
    deepEqual(answers, ["accepted", "shutting_down"]);
    equal(hostState(), "shutting_down");
    nas.close();
    await gone(scene);
    equal(hostState(), "down", "its going is the proof");
  }, machine);
});

Deno.test("PolicyEngine restarted after a NUT client saw FSD hears no second answer, and takes our stop for no proof", async () => {
  const machine = { clock: new TestClock(), disk: {}, bootId: "a" };
  await withPolicy(async ({ house, connect, pass, hostState }) => {
    const answers = answersOf(house);
    await pass(5, ONLINE);
    const nas = await connect();
    await pass(40, LOW);
    match(await statusOf(nas) ?? "", /FSD OB LB/);
    await settle();
    equal(hostState(), "shutting_down");
    deepEqual(answers, ["accepted", "shutting_down"]);
    await house.service.stop();
    await settle();
    equal(hostState(), "shutting_down", "we closed its connection, it did not go");
  }, machine);
  await machine.clock.advance(10_000);
  await withPolicy(async (scene) => {
    const { house, connect, pass, hostState } = scene;
    const answers = answersOf(house);
    await pass(5, LOW);
    const nas = await connect();
    for (let i = 0; i < 6; i++) {
      match(await statusOf(nas) ?? "", /FSD OB LB/);
      await pass(5, LOW);
    }
    deepEqual(answers, []);
    equal(hostState(), "shutting_down");
    nas.close();
    await gone(scene);
    equal(hostState(), "down");
  }, machine);
});
