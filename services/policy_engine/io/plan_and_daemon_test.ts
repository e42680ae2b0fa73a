/** An agent's plan is what the daemon would do: both are held together over generated situations. */
import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { emptyHouse, House, type HouseInput } from "../house.ts";
import type { GroupRules, HouseRules, StageRules } from "../rules/rules.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { type Draw, drawFrom } from "../testdata/random.ts";
import { Plans } from "./agent_plan.ts";
import { policyStatus } from "./explain.ts";
import { CHARGED_POINTS } from "../outage/blind/untold_charge.ts";

const SITUATIONS = 300;
const MIN = 60_000;
const STEP_MS = 5000;
/** The longest that a future is looked at, ms: beyond the blind limit and its timers. */
const HORIZON_MS = 270 * MIN;

interface Situation {
  readonly rules: HouseRules;
  readonly house: House;
  readonly hosts: readonly string[];
  readonly nowMonoMs: number;
  readonly stateAt: (monoMs: number) => PowerState;
  /** Somebody charges the battery now and goes on, and the last reading is fresh. */
  readonly isCharged: boolean;
}

function groupOf(key: string, host: string, draw: Draw): GroupRules {
  const some = <T>(value: T) => draw.chance(0.4) ? value : undefined;
  const socMinPercent = draw.chance(0.8) ? draw.between(5, 60) : undefined;
  const remainingMin = some(draw.between(2, 40));
  const onBatteryMin = some(draw.between(1, 200));
  const debounceMs = draw.one([0, 30_000, 180_000, 180_000, 600_000]);
  return { key, hosts: [host], triggers: { socMinPercent, remainingMin, onBatteryMin }, debounceMs };
}

function stageOf(number: number, draw: Draw): StageRules {
  const groups = draw.chance(0.3)
    ? [groupOf(`${number} a`, `h${number}a`, draw), groupOf(`${number} b`, `h${number}b`, draw)]
    : [groupOf(`${number} a`, `h${number}a`, draw)];
  return { number, timeLimitMs: draw.one([60_000, 300_000, 900_000]), groups };
}

/** An outage that has run for a while, up to a moment at which plans are made. */
function situation(draw: Draw): Situation {
  const stages = Array.from({ length: draw.one([1, 1, 2, 3]) }, (_, i) => stageOf(i + 1, draw));
  const notBeforeMonoMs = draw.chance(0.2) ? draw.between(0, 20 * MIN) : 0;
  const stations = { Study: { stages, hasReserve: draw.chance(0.8) } };
  const rules = { ...simpleRules({ ...LIMITS, stations: {} }, notBeforeMonoMs), stations };
  const hosts = stages.flatMap(({ groups }) => groups.flatMap((group) => group.hosts));
  const house = new House(emptyHouse(rules), rules, () => "id");
  for (const agent of hosts) {
    if (draw.chance(0.3)) house.step({ kind: "learned", agent, tookMs: draw.between(5000, 500_000) }, 0);
  }
  const talk = draw.one(["all", "load", "charge"] as const);
  const floor = draw.chance(0.3) ? draw.between(1, 25) : 0;
  const percent = draw.between(floor, 100);
  // Nobody can know of a faster fall than 2 %/min before it is measured.
  const perMin = talk === "charge" ? draw.scale(0.1, 2) : draw.scale(0.1, 20);
  const wh = draw.scale(200, 5000);
  const isMute = draw.chance(0.05);
  let charging = { fromMs: Infinity, toMs: Infinity, perMin: 0 };
  const stateAt = (monoMs: number): PowerState => {
    const { fromMs, toMs, perMin: risePerMin } = charging;
    const chargedMs = Math.max(0, Math.min(monoMs, toMs) - fromMs);
    const isRising = chargedMs > 0 && monoMs <= toMs;
    const change = risePerMin * chargedMs - perMin * (monoMs - chargedMs);
    const soc = Math.min(100, Math.max(0, percent + change / MIN));
    // Not rounded to whole minutes, as stations do: nobody can foresee when that falls by one.
    const left = Math.max(0, soc - floor) / perMin;
    return {
      device: "Study",
      grid_connected: false,
      ...(monoMs > fromMs ? { grid_unknown: true, grid_age_s: (monoMs - fromMs) / 1000 } : {}),
      ...(isMute ? {} : { soc }),
      ...(floor > 0 ? { min_soc: floor } : {}),
      ...(talk === "all" && !isRising ? { discharge_min: left } : {}),
      ...(talk === "charge" ? {} : { out_watts: perMin * 60 / 100 * wh, battery_wh: wh }),
    };
  };
  const nowMonoMs = Math.round(draw.scale(1, 1000)) * STEP_MS;
  const silentFromMs = draw.chance(0.5) ? nowMonoMs : Math.max(0, nowMonoMs - draw.scale(1, 3000) * 1000);
  const heldAtMs = draw.chance(0.4)
    ? Math.max(0, nowMonoMs - Math.floor(draw.between(0, 60)) * STEP_MS)
    : undefined;
  // The grid is not told any more, and somebody charges: for good, or until now.
  if (draw.chance(0.5)) {
    const fromMs = Math.floor(nowMonoMs * draw.unit());
    charging = { fromMs, toMs: draw.chance(0.5) ? Infinity : nowMonoMs, perMin: draw.scale(0.3, 8) };
  }
  for (let at = 0; at <= nowMonoMs; at += STEP_MS) {
    if (at === 0 || at <= silentFromMs) house.step(heard(stateAt(at), at), at);
    house.step({ kind: "tick" }, at);
    if (at === heldAtMs) {
      const hold = { untilMonoMs: at + 300_000, reason: "somebody" };
      house.step({ kind: "hold", device: "Study", hold }, at);
    }
  }
  const heardMs = Math.floor(Math.min(silentFromMs, nowMonoMs) / STEP_MS) * STEP_MS;
  const risen = (stateAt(heardMs).soc ?? 0) - (stateAt(Math.min(charging.fromMs, heardMs)).soc ?? 0);
  const isCharged = charging.toMs === Infinity && risen > CHARGED_POINTS + 1 &&
    nowMonoMs - heardMs <= rules.staleAfterMs;
  return { rules, house, hosts, nowMonoMs, stateAt, isCharged };
}

function heard(state: PowerState, atMonoMs: number): HouseInput {
  const arrival = { atMonoMs, atWallMs: 0, retained: false };
  return { kind: "state", device: state.device, state, arrival };
}

/** When each host is told from now on, monotonic ms; a host that is told already, or never, is not in it. */
function playOn({ house, rules, hosts, nowMonoMs, stateAt }: Situation, isSilent: boolean) {
  let ids = 0;
  const { stations, hosts: phases, learnedMs } = house.state;
  const copy = new House(
    { stations: new Map(stations), hosts: new Map(phases), learnedMs: new Map(learnedMs) },
    rules,
    () => `id-${++ids}`,
  );
  const told = new Map<string, number>();
  for (let at = nowMonoMs; at <= nowMonoMs + HORIZON_MS && told.size < hosts.length; at += STEP_MS) {
    const inputs: HouseInput[] = isSilent ? [{ kind: "tick" }] : [heard(stateAt(at), at), { kind: "tick" }];
    for (const effect of inputs.flatMap((input) => copy.step(input, at))) {
      if (
        effect.kind === "host" && effect.effect.kind === "send" && effect.effect.action === "shutdown" &&
        !told.has(effect.agent)
      ) {
        told.set(effect.agent, at);
      }
    }
  }
  return told;
}

const seed = Number(Deno.env.get("SEED") ?? 20_261_128);

Deno.test(`planFor() is what the daemon does, in ${SITUATIONS} generated situations from SEED=${seed} on`, () => {
  const seen = { silent: 0, speaking: 0, exact: 0, charged: 0 };
  for (let i = 0; i < SITUATIONS; i++) {
    const given = situation(drawFrom(seed + i));
    const { house, hosts, nowMonoMs, rules } = given;
    const open = hosts.filter((host) => house.state.hosts.get(host)?.phase.kind === "idle");
    const forecast = new Plans(house, nowMonoMs);
    const plans = new Map(open.map((host) => [host, forecast.planFor(host)]));
    // After a restart a fresh reading ends the wait for one at once, and nobody can know that it will come.
    const mayWait = nowMonoMs < rules.notBeforeMonoMs;
    for (const isSilent of mayWait ? [true] : [true, false]) {
      const told = playOn(given, isSilent);
      if (given.isCharged && !isSilent) {
        seen.charged++;
        assert.deepEqual([...told], [], `SEED=${seed + i}: told while somebody charges`);
        const status = policyStatus("Study", house, { isBrokerUp: true }, nowMonoMs, 0);
        assert.equal(status?.shutdown_earliest_s, undefined, `SEED=${seed + i}: ${status?.sentence}`);
      }
      for (const [host, plan] of plans) {
        const toldMonoMs = told.get(host);
        const dueMonoMs = plan?.deadlineMonoMs ?? Infinity;
        const words = `SEED=${seed + i}, ${host}, ${isSilent ? "silent" : "speaking"}: ` +
          `planned ${dueMonoMs - nowMonoMs}, told ${(toldMonoMs ?? NaN) - nowMonoMs}, ${
            JSON.stringify(plan)
          }`;
        if (toldMonoMs === undefined) {
          // Who is never told in silence is never to go alone, as far as anybody looked.
          if (isSilent) assert.ok(dueMonoMs > nowMonoMs + HORIZON_MS - 10 * MIN, words);
          continue;
        }
        seen[isSilent ? "silent" : "speaking"]++;
        assert.ok(dueMonoMs <= toldMonoMs + STEP_MS, `the plan is later: ${words}`);
        const stages = rules.stations.Study?.stages ?? [];
        // Later stages wait for earlier ones, and after a restart silence waits for a reading.
        if (!isSilent || stages.length > 1 || nowMonoMs < rules.notBeforeMonoMs) continue;
        const debounceMs = Math.max(
          ...stages.flatMap(({ groups }) => groups.map((group) => group.debounceMs)),
        );
        // Earlier by what nobody can know at most: whether a fresh reading comes before the last one is stale, and whether
        // it then says that the battery does not last, which cuts the debounce. A moment that has passed means now.
        assert.ok(
          toldMonoMs - Math.max(dueMonoMs, nowMonoMs) <= rules.staleAfterMs + debounceMs + STEP_MS,
          `the plan is much earlier: ${words}`,
        );
        if (Math.abs(toldMonoMs - dueMonoMs) <= STEP_MS) seen.exact++;
      }
    }
  }
  assert.ok(seen.silent > SITUATIONS && seen.speaking > SITUATIONS / 2, JSON.stringify(seen));
  assert.ok(seen.exact > SITUATIONS / 10, JSON.stringify(seen));
  assert.ok(seen.charged > SITUATIONS / 30, JSON.stringify(seen));
});
