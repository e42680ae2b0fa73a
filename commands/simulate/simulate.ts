/**
 * `ecoflow-power simulate`: plays scenarios with the real decoder, policy and agents, in memory: nothing is connected, nothing
 * is shut down. The same with real processes, a real broker and the dashboard: `deno task simulate` in a checkout.
 */
import { parseArgs } from "node:util";
import { errorText } from "../../lib/errors.ts";
import { complain, EXIT, print } from "../command.ts";
import { chooseScenarios, readSpeed, scenarioList } from "./choose.ts";
import { startMemoryWorld } from "./memory_world.ts";
import { play, stationModels } from "./play.ts";
import type { Scenario } from "./scenario.ts";
import { View } from "./view.ts";

/** Faster than this there is nothing to watch. */
const MAX_SPEED = 1000;
/** How often the time of the simulation is moved on, real ms. */
const FRAME_MS = 50;

/** Runs it. @returns the exit code: 1 when an expectation did not hold */
export async function simulate(args: readonly string[]): Promise<number> {
  let options;
  try {
    options = readOptions(args);
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  const { scenarios, speed, isList } = options;
  if (isList) return print(scenarioList());
  let failed = 0;
  for (const scenario of scenarios) if (!await playOne(scenario, speed)) failed++;
  return failed === 0 ? EXIT.ok : EXIT.no;
}

async function playOne(scenario: Scenario, speed: number): Promise<boolean> {
  const isTerminal = Deno.stdout.isTerminal() && !Deno.noColor;
  const columns = () => isTerminal ? Deno.consoleSize().columns : Infinity;
  const view = new View({ scenario, speed, isTerminal, columns, write: (text) => void print(text) });
  view.begin();
  const models = stationModels(scenario);
  const world = await startMemoryWorld(scenario, models);
  try {
    // Some words on the grid before the play begins, as every house has.
    for (const [sn, model] of models) world.say(sn, model.now());
    await world.clock.advance(5000);
    let isOver = false;
    const playing = play(scenario, models, world, view).finally(() => isOver = true);
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
      await world.clock.advance(FRAME_MS * speed);
    }
    const { verdicts } = await playing;
    view.end(verdicts);
    return verdicts.every(({ held }) => held);
  } finally {
    await world.stop();
  }
}

/** @throws RangeError saying what was wanted */
function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: "string", default: "full_outage" },
      speed: { type: "string", default: "10" },
      list: { type: "boolean", default: false },
    },
  });
  const scenarios = chooseScenarios(values.scenario);
  const speed = readSpeed(values.speed, MAX_SPEED);
  return { scenarios, speed, isList: values.list };
}
