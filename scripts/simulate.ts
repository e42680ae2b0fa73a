/**
 * Plays scenarios through the whole chain with real processes: emulated cloud, broker, daemon, agents in rehearsal.
 *
 * Run: deno task simulate [--scenario NAME] [--speed N] [--broker embedded|mosquitto] [--json] [--log] [--list]
 * Exit code: 0 only if every expectation held; 1 if one did not; 64 on a wrong command line.
 */
import { parseArgs } from "node:util";
import { errorText } from "../lib/errors.ts";
import { play, stationModels } from "../commands/simulate/play.ts";
import { startRealWorld } from "./simulate/real_world.ts";
import type { Scenario } from "../commands/simulate/scenario.ts";
import { chooseScenarios, readSpeed, scenarioList } from "../commands/simulate/choose.ts";
import { View } from "../commands/simulate/view.ts";

const USAGE = `Usage: deno task simulate [options]

  --scenario NAME   what to play; full_outage when not given, "all" for all in
                    turn
  --list            print the scenarios
  --speed N         how much faster than life, 1 to 60; 10 when not given
  --broker KIND     embedded (nothing to install; the default) or mosquitto (a
                    real one, with passwords and access list)
  --dashboard       serve the dashboard while it plays, and a minute longer
  --port N          where the dashboard is on this machine; 8080 when not given
  --json            one JSON object a line instead of a view
  --log             show the log lines of the daemon and the agents too
`;

interface Options {
  readonly scenarios: readonly Scenario[];
  readonly speed: number;
  readonly broker: "embedded" | "mosquitto";
  readonly json: boolean;
  readonly log: boolean;
  /** Absent: no dashboard. */
  readonly dashboardPort?: number;
}

/** How long the dashboard can still be looked at when the play is over, real ms. */
const LOOK_MS = 60_000;

/** Faster than this, real delays of processes and timers are no longer small against the scenario's seconds. */
const MAX_SPEED = 60;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === "number") return options;
  let failed = 0;
  for (const scenario of options.scenarios) {
    try {
      if (!await playOne(scenario, options)) failed++;
    } catch (error) {
      failed++;
      Deno.stderr.writeSync(new TextEncoder().encode(`${errorText(error)}\n`));
    }
  }
  return failed === 0 ? 0 : 1;
}

async function playOne(scenario: Scenario, options: Options): Promise<boolean> {
  const { speed, broker, json, log, dashboardPort } = options;
  const models = stationModels(scenario);
  const isTerminal = Deno.stdout.isTerminal() && !Deno.noColor;
  const columns = () => isTerminal ? Deno.consoleSize().columns : Infinity;
  const view = new View({ scenario, speed, isTerminal, columns, write });
  const say = (value: object) => write(`${JSON.stringify(value)}\n`);
  if (!json) {
    view.begin();
    write("starting the emulated cloud, the broker, the daemon and the hosts …\n");
  }
  const logLine = (program: string, line: string) => {
    if (log) json ? say({ log: program, line }) : write(`        ${program} | ${line}\n`);
  };
  const password = crypto.randomUUID().slice(0, 18);
  const dashboard = dashboardPort === undefined
    ? undefined
    : { listen: `127.0.0.1:${dashboardPort}`, password };
  const world = await startRealWorld({ scenario, models, speed, broker, onLog: logLine, dashboard });
  try {
    if (dashboard) {
      const url = await world.dashboardUrl();
      if (json) say({ dashboard: url, password });
      else write(`dashboard: ${url}   (password for the buttons: ${password})\n`);
    }
    const listener = json
      ? { onSighting: (sighting: object) => say(sighting), onStep: (step: object) => say({ step }) }
      : view;
    const { verdicts } = await play(scenario, models, world, listener);
    const held = verdicts.every((verdict) => verdict.held);
    if (json) say({ scenario: scenario.name, held, verdicts });
    else view.end(verdicts);
    if (dashboard) {
      if (!json) write("The dashboard stays for another minute; Ctrl+C ends it.\n");
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return held;
  } finally {
    await world.stop();
  }
}

function readOptions(args: readonly string[]): Options | number {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        scenario: { type: "string", default: "full_outage" },
        speed: { type: "string", default: "10" },
        broker: { type: "string", default: "embedded" },
        json: { type: "boolean", default: false },
        log: { type: "boolean", default: false },
        dashboard: { type: "boolean", default: false },
        port: { type: "string", default: "8080" },
        list: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return write(USAGE);
    if (values.list) {
      return write(scenarioList());
    }
    const scenarios = chooseScenarios(values.scenario);
    const speed = readSpeed(values.speed, MAX_SPEED);
    if (values.broker !== "embedded" && values.broker !== "mosquitto") {
      throw new RangeError(`Cannot use broker "${values.broker}": must be embedded or mosquitto`);
    }
    const port = Number(values.port);
    if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
      throw new RangeError(`Cannot listen at port "${values.port}": must be 0 to 65535`);
    }
    const dashboardPort = values.dashboard ? port : undefined;
    if (dashboardPort) refuseTaken(dashboardPort);
    return { scenarios, speed, broker: values.broker, json: values.json, log: values.log, dashboardPort };
  } catch (error) {
    Deno.stderr.writeSync(new TextEncoder().encode(`${errorText(error)}\n\n${USAGE}`));
    return 64;
  }
}

/** Before anything is started: the daemon would wait for a port that another program has. @throws RangeError */
function refuseTaken(port: number): void {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
  } catch (error) {
    const why = error instanceof Deno.errors.AddrInUse ? "another program listens there" : errorText(error);
    throw new RangeError(
      `Cannot serve the dashboard at port ${port}: ${why}; choose another: --port ${port + 1}`,
    );
  }
}

function write(text: string): 0 {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
  return 0;
}
