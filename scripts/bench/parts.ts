/** The parts of the bench: what each is called, what it shows, whether a plain run takes it. */
import { attackRow, ATTACKS_HEAD, measureAttacks } from "./attacks/attacks.ts";
import { comparisonText, LOAD_PER_SEC, measureComparison } from "./python/comparison.ts";
import { measureSeldom, seldomText } from "./python/seldom.ts";
import { dashboardText, measureDashboard } from "./dashboard.ts";
import { againstText, measureAgainst } from "./decode/against.ts";
import { decodingText, measureDecoding } from "./decode/decode.ts";
import {
  ENDURANCE_HEAD,
  enduranceRow,
  enduranceText,
  FAST_DAY,
  measureEndurance,
  REAL_HOUR,
} from "./endurance.ts";
import { diskText, measureDisk } from "./disk.ts";
import { FLEET, FLEET_HEAD, measureFleet } from "./fleet/fleet.ts";
import { FORMS_HEAD, formsRow, measureForms } from "./forms.ts";
import { hostsText, measureHosts } from "./policy/hosts.ts";
import { idleText, measureIdle } from "./idle.ts";
import { measureMicro, microText } from "./micro.ts";
import { MEMORY_HEAD, memoryText } from "./memory.ts";
import { measureNut } from "./nut/nut.ts";
import { measureFlood, measureOutage, SERVERS } from "./nut/nut_outage.ts";
import { type BenchBroker } from "./outage_house.ts";
import { growthPerStation, measurePipeline, measureTraffic, PIPELINE_HEAD, pipelineRow } from "./pipeline.ts";
import { measurePolicy, policyText } from "./policy/policy.ts";
import { measureSources, sourcesText } from "./policy/sources.ts";
import { measureRates, RATE_HEAD, rateRow } from "./rate.ts";
import { measureServices, servicesText } from "./services.ts";
import { measureStart, startText } from "./start.ts";
import { measureYear, yearText } from "./year/year.ts";
import { measureYearPage, yearPageText } from "./year/year_page.ts";

/** What the command line can say to the parts; each absent. */
export interface PartOptions {
  /** Damaged payloads of `decode`. */
  readonly payloads?: number;
  /** Generated outages of `policy`. */
  readonly worlds?: number;
  /** Another checkout, to which `decode` compares. */
  readonly against?: string;
  /** Where random begins. */
  readonly seed?: number;
  /** Stations of `pipeline`, instead of its own sizes, on Mosquitto alone. */
  readonly stations?: number;
  /** Sites of `fleet`. */
  readonly sites?: number;
  /** How long the line of one of them is away. */
  readonly "line-minutes"?: number;
  /** Days of `endurance`. */
  readonly days?: number;
  /** Real hours of `endurance`, instead of days. */
  readonly hours?: number;
}

/** One part. */
export interface Part {
  readonly name: string;
  readonly title: string;
  /** What of {@link PartOptions} it takes; absent: nothing. */
  readonly takes?: readonly (keyof PartOptions)[];
  /** `plain`: in a run without `--part`; `all`: with `--part all` too; `named`: only by its own name. */
  readonly in: "plain" | "all" | "named";
  run(say: (line: string) => void, options: PartOptions): Promise<void> | void;
}

const BROKERS: readonly BenchBroker[] = ["mosquitto", "embedded"];
/** Stations of the pipeline, and how often each loses the grid. */
const SIZES = [[1, 5], [10, 3], [100, 2], [1000, 1]] as const;
/** As many send the traffic of the largest house, to tell the cost of a station from that of a message. */
const FEW = 10;
/** Messages a second, until one is not held. */
const RATES = [1000, 2000, 4000, 8000, 10_000, 12_000, 14_000, 16_000, 20_000, 25_000, 30_000];
const RATE_STATIONS = 200;

/** In the order in which they run. */
export const PARTS: readonly Part[] = [
  {
    name: "decode",
    title:
      "Decoding, one core: the recorded payloads and our own, against the bare protobufjs decode of the same bytes",
    in: "plain",
    takes: ["payloads", "seed", "against"],
    run: async (say, { payloads = 100_000, seed, against }) =>
      say(
        against === undefined
          ? decodingText(await measureDecoding({ payloads, seed }))
          : againstText(await measureAgainst(against)),
      ),
  },
  {
    name: "micro",
    title: "The small parts, one core",
    in: "plain",
    run: (say) => say(microText(measureMicro())),
  },
  {
    name: "hosts",
    title: "Many hosts on one station, the policy alone",
    in: "all",
    run: async (say) => say(hostsText(await measureHosts([1, 10, 100, 300, 1000]))),
  },
  {
    name: "idle",
    title: "The daemon at rest, one station",
    in: "plain",
    async run(say) {
      const found = [];
      for (const broker of BROKERS) found.push(await measureIdle(broker));
      say(idleText(found));
    },
  },
  {
    name: "pipeline",
    title: "The whole chain, each station 1 message a second: cloud publish to receipt of the signed command",
    in: "plain",
    takes: ["stations"],
    run: pipeline,
  },
  {
    name: "rate",
    title: `The highest rate that the whole chain holds: ${RATE_STATIONS} stations on Mosquitto`,
    in: "plain",
    async run(say) {
      say(RATE_HEAD);
      for await (const figures of measureRates("mosquitto", RATE_STATIONS, RATES)) say(rateRow(figures));
    },
  },
  {
    name: "compare",
    title:
      `The same stream on the same Mosquitto, ${LOAD_PER_SEC} messages a second: the daemon and a plain Python reading`,
    in: "plain",
    run: async (say) => say(comparisonText(await measureComparison())),
  },
  {
    name: "seldom",
    title: "Where messages are seldom: processor time of the daemon and of a plain Python reading",
    in: "all",
    run: async (say) => say(seldomText(await measureSeldom())),
  },
  {
    name: "start",
    title: "From the start of the process to READY, one station",
    in: "all",
    run: async (say) => say(startText(await measureStart())),
  },
  { name: "nut", title: "The NUT server beside Debian's upsd, one after the other", in: "all", run: nut },
  {
    name: "dashboard",
    title: "The dashboard in the daemon, one station, embedded broker",
    in: "all",
    run: async (say) => say(dashboardText(await measureDashboard())),
  },
  {
    name: "services",
    title: "What the services that may be left out cost, one station, Mosquitto",
    in: "all",
    run: async (say) => say(servicesText(await measureServices())),
  },
  {
    name: "forms",
    title:
      "Memory of the two forms of the program, each from an executable of its own, one station, Mosquitto",
    in: "all",
    async run(say) {
      say(FORMS_HEAD);
      for await (const figures of measureForms()) say(formsRow(figures));
    },
  },
  {
    name: "disk",
    title: "What a day writes to the disk",
    in: "all",
    run: async (say) => say(diskText(await measureDisk())),
  },
  {
    name: "attacks",
    title: "Attacks from outside on the daemon, two agents and Mosquitto",
    in: "all",
    takes: ["seed"],
    async run(say, { seed = 1 }) {
      say(ATTACKS_HEAD);
      await measureAttacks(seed, (outcome) => say(attackRow(outcome)));
    },
  },
  {
    name: "policy",
    title: "The policy in generated outages with everything going wrong",
    in: "named",
    takes: ["worlds", "seed"],
    run: (say, { worlds = 100_000, seed = 1 }) =>
      say(policyText(measurePolicy(worlds, seed, (played) => say(`${played} of ${worlds} …`)))),
  },
  {
    name: "sources",
    title: "The policy with cloud and cable, and with the cloud alone",
    in: "named",
    takes: ["worlds", "seed"],
    run: (say, { worlds = 20_000, seed = 1 }) =>
      say(sourcesText(measureSources(worlds, seed, (soFar) => say(sourcesText(soFar))))),
  },
  {
    name: "year",
    title: "A year of history: the historian's file with 3 and 20 stations",
    in: "all",
    async run(say) {
      say(yearText([await measureYear(3), await measureYear(20)]));
    },
  },
  {
    name: "year-page",
    title: "A year of history of 20 stations on the dashboard, in a real Chromium",
    in: "all",
    run: async (say) => say(yearPageText(await measureYearPage(20))),
  },
  {
    name: "fleet",
    title: `Bridged sites at a cluster of ${FLEET.nodes} nodes of RabbitMQ, all on this machine`,
    in: "named",
    takes: ["sites", "line-minutes"],
    async run(say, { sites = FLEET.sites, "line-minutes": minutes }) {
      const lineGoneMs = minutes === undefined ? FLEET.lineGoneMs : minutes * 60_000;
      say(`${sites} sites\n\n${FLEET_HEAD}`);
      await measureFleet(say, { ...FLEET, sites, lineGoneMs });
    },
  },
  {
    name: "endurance",
    title: "Whether the daemon grows",
    in: "named",
    takes: ["days", "hours"],
    run: endurance,
  },
];

async function pipeline(say: (line: string) => void, { stations: only }: PartOptions): Promise<void> {
  say(PIPELINE_HEAD);
  if (only !== undefined) return say(pipelineRow(await measurePipeline("mosquitto", only, 1)));
  const growth: string[] = [];
  for (const broker of BROKERS) {
    const runs = [];
    for (const [stations, rounds] of SIZES) {
      const figures = await measurePipeline(broker, stations, rounds);
      runs.push(figures);
      say(pipelineRow(figures));
    }
    const most = runs.at(-1);
    if (!most) continue;
    const few = await measureTraffic(broker, FEW, most.stations / FEW);
    const byStation = (most.memory.pss - few) * 1000 / (most.stations - FEW);
    growth.push(
      `${broker}: ${growthPerStation(runs)?.toFixed(0)} kB more for each station; ` +
        `${byStation.toFixed(0)} kB against ${few.toFixed(0)} MB with the same traffic from ${FEW} stations`,
    );
  }
  say(`\n${growth.join("\n")}`);
}

async function nut(say: (line: string) => void): Promise<void> {
  say(
    `| 1,000 clients, one question a second, and 100 bad ones | answers | median | p99 | unanswered | core | ${MEMORY_HEAD} |`,
  );
  say("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const start of SERVERS) {
    const { name, latencyMs, unanswered, cpuShare, mostMemory } = await measureNut({}, start);
    say(
      `| ${name} | ${latencyMs.count} | ${latencyMs.median.toFixed(2)} ms | ${latencyMs.p99.toFixed(2)} ms ` +
        `| ${unanswered} | ${(cpuShare * 100).toFixed(0)} % | ${memoryText(mostMemory)} |`,
    );
  }
  say("\n| an outage, hosts with Debian's upsmon | hosts | first | median | last |");
  say("| --- | ---: | ---: | ---: | ---: |");
  for (const start of SERVERS) {
    const { name, hosts, shutdownSec: { count, min, median, max } } = await measureOutage(start);
    const seconds = [min, median, max].map((value) => `${value.toFixed(1)} s`).join(" | ");
    say(`| ${name} | ${count} of ${hosts} | ${seconds} |`);
  }
  say("\n| a new upsmon while eight addresses take every place | logged in after |");
  say("| --- | ---: |");
  for (const start of SERVERS) {
    const { name, loginSec, limitSec } = await measureFlood(start);
    say(`| ${name} | ${loginSec === undefined ? `not in ${limitSec} s` : `${loginSec.toFixed(1)} s`} |`);
  }
}

async function endurance(say: (line: string) => void, { days = 30, hours }: PartOptions): Promise<void> {
  const options = hours === undefined ? { periods: days, ...FAST_DAY } : { periods: hours, ...REAL_HOUR };
  say(ENDURANCE_HEAD);
  const figures = await measureEndurance(options, (sample) => say(enduranceRow(sample)));
  say(`\n${enduranceText(figures)}`);
}
