/**
 * `ecoflow-power drill --agent A … | --device D | --all`: asks the running daemon, over the local broker, for a drill, and
 * prints how it went. Exit code 0 only when every host is ready.
 */
import { parseArgs } from "node:util";
import { errorText, InvalidInputError } from "../lib/errors.ts";
import {
  type DrillReport,
  type DrillRequest,
  encodeDrillRequest,
  parseDrillReport,
} from "../lib/messages/drill.ts";
import type { MqttConnect } from "../lib/mqtt/client.ts";
import { connectEitherVersion, type EitherOptions } from "../lib/mqtt/either_version.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { type TopicRoots, topicsUnder } from "../lib/mqtt/topics.ts";
import { guestOptions, NoBrokerError } from "./broker/broker_guest.ts";
import { hearOwnDaemon } from "./broker/own_daemon.ts";
import { failureOf } from "./broker/no_broker.ts";
import { wrap } from "../lib/text/wrap.ts";
import { complain, EXIT, print } from "./command.ts";
import { readConfig } from "./read_config.ts";
import { table } from "./terminal/text_table.ts";

/** The daemon ends a drill by itself after 15 minutes; without a word of it for longer, it is not there. */
const WAIT_MS = 16 * 60_000;
/** A daemon that is there answers a request at once. */
const FIRST_WORD_MS = 10_000;

/** How to ask. */
export interface DrillCall {
  readonly connect: MqttConnect;
  readonly mqtt: EitherOptions;
  readonly roots: TopicRoots;
  readonly request: DrillRequest;
  /** Told each report of this drill. */
  readonly onReport: (report: DrillReport) => void;
}

/** Asks for a drill and waits for its end. Rejects when the broker or the daemon cannot be reached. */
export async function callDrill(
  { connect, mqtt, roots, request, onReport }: DrillCall,
): Promise<DrillReport> {
  const topics = topicsUnder(roots);
  const { promise, resolve, reject } = Promise.withResolvers<DrillReport>();
  const timers: ReturnType<typeof setTimeout>[] = [];
  const giveUp = (afterMs: number, why: string) =>
    timers.push(setTimeout(() => reject(new Error(why)), afterMs));
  const client = connectEitherVersion(connect, mqtt, {
    onUp: () => {
      giveUp(
        FIRST_WORD_MS,
        "the daemon does not answer; is it running, on this broker? See: ecoflow-power doctor",
      );
      client.subscribe(topics.drillReport, 1)
        .then(() =>
          client.publish(topics.drillRequest, encodeDrillRequest(request), {
            qos: 1,
            expirySec: FIRST_WORD_MS / 1000,
          })
        )
        .catch(reject);
    },
    onDown: (down) => reject(new NoBrokerError(down)),
    onMessage: ({ topic, payload }) => {
      if (topic !== topics.drillReport || payload.length === 0) return;
      try {
        const report = parseDrillReport(payload, `MQTT topic "${topic}"`);
        // The report of an earlier drill is kept by the broker.
        if (report.id !== request.id) return;
        clearTimeout(timers[0]);
        onReport(report);
        if (report.state !== "running") resolve(report);
      } catch (error) {
        reject(error instanceof InvalidInputError ? error : new Error(errorText(error)));
      }
    },
  });
  const limit = setTimeout(() => reject(new Error("the drill never ended")), WAIT_MS);
  try {
    return await promise;
  } finally {
    for (const timer of [...timers, limit]) clearTimeout(timer);
    await client.close();
  }
}

/** The report as a table. */
export function drillText({ sentence, hosts }: DrillReport): string {
  const seconds = (value: number | undefined) => value === undefined ? "–" : `${value} s`;
  const rows = hosts.map((host) => [
    host.agent,
    host.device ?? "–",
    String(host.stage ?? "–"),
    host.state,
    seconds(host.answered_s),
    seconds(host.done_s),
    host.told_after_min === undefined ? "–" : `${host.told_after_min} min`,
    seconds(host.needs_s),
  ]);
  const details = hosts.flatMap(({ agent, detail }) => detail === undefined ? [] : [`  ${agent}: ${detail}`]);
  const head = [
    "host",
    "station",
    "stage",
    "result",
    "answered",
    "prepared",
    "told after",
    "then needs",
  ];
  if (rows.length === 0) return sentence;
  return [
    table(head, rows),
    ...details.map((line) => wrap(line, 80, 4)),
    "",
    sentence,
    '"told after": so long after a loss of the grid now, with the present charge and\nload; "–": nobody can tell.',
  ].join("\n");
}

/** What was asked for on the command line. @throws TypeError */
export function readRequest(
  args: readonly string[],
): { readonly request: DrillRequest; readonly env?: string } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      agent: { type: "string", multiple: true },
      device: { type: "string" },
      all: { type: "boolean" },
      env: { type: "string" },
    },
  });
  const { agent: agents, device, all, env } = values;
  const asked = [agents, device, all].filter((one) => one !== undefined).length;
  if (asked !== 1) {
    throw new TypeError(`Cannot drill: must have exactly one of --agent, --device and --all, found ${asked}`);
  }
  const id = crypto.randomUUID();
  const by = "the command line";
  if (agents) return { request: { id, agents, by }, env };
  return { request: device === undefined ? { id, all: true, by } : { id, device, by }, env };
}

/** Runs it. @returns the exit code */
export async function drill(args: readonly string[]): Promise<number> {
  let asked;
  try {
    asked = readRequest(args);
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  const { request, env } = asked;
  const config = readConfig(env === undefined ? [] : ["--env", env]);
  if (typeof config === "number") return config;
  try {
    // Another daemon at this broker would drill hosts of its own.
    await hearOwnDaemon(config.house, "drill");
    const report = await callDrill({
      connect: connectMqtt,
      mqtt: guestOptions(config.house, "drill"),
      roots: config.house.roots,
      request,
      onReport: ({ state, hosts }) => {
        if (state === "running") print(`${hosts.map((host) => `${host.agent} ${host.state}`).join(", ")}\n`);
      },
    });
    print(`\n${drillText(report)}\n`);
    const isReady = report.state === "ended" && report.hosts.every(({ state }) => state === "done");
    return isReady ? EXIT.ok : EXIT.no;
  } catch (error) {
    const { text, code } = failureOf(error, config.house);
    return complain(`Cannot drill: ${text}\n`, code);
  }
}
