/** Attacks by way of the cloud, and by what a broker kept; against a house of its own, whose station is behind an emulated cloud. */
import { parseAgentCommand } from "../../../lib/messages/agent/command.ts";
import { encodeDrillRequest } from "../../../lib/messages/drill.ts";
import { DEFAULT_ROOTS, matchesFilter, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { stationModels } from "../../../commands/simulate/play.ts";
import type { Scenario } from "../../../commands/simulate/scenario.ts";
import type { StationModel } from "../../../commands/simulate/station_model.ts";
import { damagedPayload, randomPayload } from "../../../services/soc_bridge/testdata/hostile.ts";
import { type RealWorld, startRealWorld } from "../../simulate/real_world.ts";
import { pause } from "./attack_house.ts";
import { type AttackOutcome, shown } from "./outcome.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);
/** How much faster than life this house runs. */
const SPEED = 5;
const SN = "R631SIM000000001";
const STRANGER = { sn: "R651ZEB499999999", name: "Typo" };
const SCENARIO: Scenario = {
  name: "attacks",
  title: "A house behind a cloud.",
  stations: [{ name: "Study", sn: SN, socPercent: 80, loadWatts: 60, batteryWh: 286 }],
  hosts: { Study: ["pc"] },
  settings: { POLICY_DEBOUNCE_SEC: "0", STATE_STALE_SEC: "60" },
  policyFile: `[[witness]]
name = "plug"
topic = "house/plug"
present_when_equals = "on"
stale_after_sec = 30
`,
  steps: [],
  endSec: 0,
  expect: [],
};

/** A house behind a cloud. */
interface CloudHouse {
  readonly world: RealWorld;
  readonly model: StationModel;
  /** Lines of the daemon. */
  readonly lines: string[];
  /** Hosts that were told to shut down, oldest first. */
  readonly told: string[];
}

type CloudAttack = (house: CloudHouse, random: () => number) => Promise<AttackOutcome>;

/** Runs them in turn. @param onOutcome Called after each */
export async function measureCloudAttacks(
  random: () => number,
  onOutcome: (outcome: AttackOutcome) => void,
): Promise<void> {
  const models = stationModels(SCENARIO);
  const model = models.get(SN);
  if (!model) throw new Error("The scenario has no station");
  const lines: string[] = [];
  const told: string[] = [];
  const world = await startRealWorld({
    scenario: SCENARIO,
    models,
    speed: SPEED,
    broker: "mosquitto",
    strangers: [STRANGER],
    onLog: (program, line) => program === "daemon" && lines.push(line),
  });
  const startMonoMs = world.clock.monoMs();
  const stopPushes = world.clock.every(2000, () => {
    world.say(SN, model.at((world.clock.monoMs() - startMonoMs) / 1000));
  });
  world.onMessage(({ topic, payload, retained }) => {
    if (retained || payload.length === 0 || !matchesFilter(TOPICS.command("+"), topic)) return;
    const { action, agent = "" } = parseAgentCommand(payload, topic);
    if (action === "shutdown") told.push(agent);
  });
  try {
    for (const attack of [wrongSerial, hostileStation, keptByBroker]) {
      onOutcome(await attack({ world, model, lines, told }, random));
    }
  } finally {
    stopPushes();
    await world.stop();
  }
}

/** An outage that ends in a shutdown. @returns how long until it was sent, ms of the house; undefined: not in 5 min of it */
async function timeUntilTold({ world, model, told }: CloudHouse): Promise<number | undefined> {
  const before = told.length;
  const begunMs = world.clock.monoMs();
  model.setGrid(false);
  model.setSoc(5);
  const sinceMs = () => world.clock.monoMs() - begunMs;
  while (told.length === before && sinceMs() < 300_000) await pause(20);
  const tookMs = told.length > before ? sinceMs() : undefined;
  model.setSoc(80);
  model.setGrid(true);
  await world.clock.sleep(90_000);
  return tookMs;
}

const wrongSerial: CloudAttack = async (house) => {
  const { world, lines } = house;
  const { getAllRequests, clientIds, forbiddenPublishes } = world.cloudRecord;
  const [asked, connections] = [getAllRequests.length, clientIds.length];
  await world.clock.sleep(300_000);
  const good = getAllRequests.slice(asked).filter(({ sn }) => sn === SN).length;
  const later = clientIds.length - connections;
  const named = lines.filter((line) => line.includes("STATION REFUSED") && line.includes(STRANGER.sn)).length;
  const ms = await timeUntilTold(house);
  return {
    has: "nothing: a mistake of the owner",
    attack: "a serial number that the account does not have, at a cloud that hangs up on who asks for it",
    tried: 1,
    outcome: `${good} requests to the good station and ${later} new connections in 5 min, ` +
      `${forbiddenPublishes.length} for the wrong one since the start, named ${named} times; host told ${
        shown(ms)
      }`,
    holds: good >= 5 && later === 0 && named === 1 && ms !== undefined,
  };
};

const hostileStation: CloudAttack = async (house, random) => {
  const { world, model, lines, told } = house;
  const [from, before, count] = [lines.length, told.length, 5000];
  const samples = world.pushesOf(SN, model.now());
  for (let i = 0; i < count; i++) {
    const bytes = random() < 0.3 ? randomPayload(random) : damagedPayload(random, samples);
    world.sendRaw(SN, random() < 0.2 ? "get_reply" : "property", bytes);
    if (i % 50 === 0) await pause(20);
  }
  while (world.cloudWaiting() > 0) await pause(20);
  await world.clock.sleep(60_000);
  const wrong = told.length - before;
  const ms = await timeUntilTold(house);
  const failed = lines.slice(from).filter((line) => /SERVICE FAILED|Uncaught/.test(line)).length;
  return {
    has: "the cloud",
    attack: "damaged payloads from the station, then an outage",
    tried: count,
    outcome:
      `${failed} services failed, ${wrong} hosts shut down, ${lines.length - from} lines in the log; ` +
      `host told ${shown(ms)}`,
    holds: failed + wrong === 0 && ms !== undefined && lines.length - from < 500,
  };
};

const keptByBroker: CloudAttack = async (house) => {
  const { world, lines, told } = house;
  const [from, before] = [lines.length, told.length];
  world.setCloudDelivers(false);
  await world.killDaemon();
  const loss = { device: "Study", soc: 3, grid_connected: false };
  const said = [
    ["house/plug", "off"],
    [TOPICS.state("Study"), JSON.stringify(loss)],
    [TOPICS.drillRequest, encodeDrillRequest({ id: "kept", agents: ["pc"] })],
  ] as const;
  for (const [topic, payload] of said) await world.publish(topic, payload, 1);
  await world.clock.sleep(60_000);
  await world.startDaemon();
  await world.daemon().until(/main READY/);
  await world.clock.sleep(120_000);
  const wrong = told.length - before;
  const drills = lines.slice(from).filter((line) => /DRILL BEGINS/.test(line)).length;
  world.setCloudDelivers(true);
  await world.clock.sleep(60_000);
  const ms = await timeUntilTold(house);
  return {
    has: "nothing: the broker kept it at QoS 1",
    attack: "a witness's loss, a state and a drill from while the daemon was dead for a minute",
    tried: said.length,
    outcome: `${wrong} hosts shut down, ${drills} drills; then an outage: host told ${shown(ms)}`,
    holds: wrong + drills === 0 && ms !== undefined,
  };
};
