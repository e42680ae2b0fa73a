/**
 * `ecoflow-power feed [--device NAME] [--outage | --soc N | --grid on|off]`: plays an event on the running system, as a station of
 * SIMULATED_STATIONS. The daemon judges it as it judges a real one. Hosts are told only where the owner mapped them to that name.
 */
import type { HouseConfig } from "../../lib/config/load.ts";
import { errorText } from "../../lib/errors.ts";
import { encodePowerState } from "../../lib/messages/power_state.ts";
import { type OrchestratorStatus, parseOrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";
import { parsePolicyStatus, type PolicyStatus } from "../../lib/messages/policy_status.ts";
import type { MqttConnect } from "../../lib/mqtt/client.ts";
import { connectEitherVersion } from "../../lib/mqtt/either_version.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import { own } from "../../lib/own.ts";
import { holderOfState } from "../../lib/state_lock.ts";
import { type Clock, systemClock } from "../../lib/time/clock.ts";
import { guestOptions, NoBrokerError } from "../broker/broker_guest.ts";
import { livingDaemon, noDaemonText } from "../broker/living_daemon.ts";
import { failureOf } from "../broker/no_broker.ts";
import { complain, EXIT, print } from "../command.ts";
import { examineIdentity } from "../doctor/examine_identity.ts";
import { readConfig } from "../read_config.ts";
import { type FeedRequest, readFeed } from "./request.ts";
import { momentAt, playedState, SAY_EVERY_MS } from "./script.ts";

/** What the broker has kept of the daemon comes at once; without it there is none, ms. */
const FIRST_WORD_MS = 5000;
/** So long the daemon has to say that the play is over, ms. */
const LAST_WORD_MS = 10_000;
const LOOK_EVERY_MS = 500;
/** A daemon that plays says so within a second; this long is generous, s. */
const TAKEN_SEC = 10;

/** How to play. */
export interface FeedParts {
  readonly connect: MqttConnect;
  readonly clock: Clock;
  readonly house: HouseConfig;
  readonly say: (line: string) => void;
  /** Ends the play early. */
  readonly signal: AbortSignal;
}

/** Plays it to its end. Rejects when there is no broker, or no daemon of this configuration. */
export async function play({ device, event, limitSec }: FeedRequest, parts: FeedParts): Promise<void> {
  const { connect, clock, house, say, signal } = parts;
  const topics = topicsUnder(house.roots);
  const heard: { daemon?: OrchestratorStatus; policy?: PolicyStatus; downSec?: number; isTaken?: boolean } =
    {};
  const gone = Promise.withResolvers<never>();
  gone.promise.catch(() => {});
  const isUp = Promise.withResolvers<void>();
  const began = clock.monoMs();
  const elapsed = () => (clock.monoMs() - began) / 1000;
  const client = connectEitherVersion(connect, {
    ...guestOptions(house, "feed"),
    keepAliveSec: 10,
    // Whoever hears the station hears that it is gone when this program is.
    will: { topic: topics.state(device), payload: "", retain: false, qos: 1 },
  }, {
    onUp: () => isUp.resolve(),
    onDown: (down) => {
      const error = new NoBrokerError(down);
      gone.reject(error);
      isUp.reject(error);
    },
    onMessage: ({ topic, payload, retained }) => {
      if (topic === topics.orchestratorStatus) {
        heard.daemon = payload.length === 0 ? undefined : parseOrchestratorStatus(payload, topic);
      } else if (topic === topics.policy(device)) {
        const before = heard.policy;
        heard.policy = payload.length === 0 ? undefined : parsePolicyStatus(payload, topic);
        // What the broker has kept is of an earlier play.
        if (retained || !heard.policy?.simulated) return;
        heard.isTaken = true;
        if (heard.policy.state === "shutting_down") heard.downSec ??= elapsed();
        if (heard.policy.state !== before?.state) {
          say(`${heard.policy.state.padEnd(13)} ${heard.policy.sentence}`);
        }
      }
    },
  });
  const wait = (ms: number) => Promise.race([clock.sleep(ms), gone.promise]);
  const until = async (isSo: () => boolean, limitMs: number): Promise<boolean> => {
    for (const end = clock.monoMs() + limitMs; !isSo() && clock.monoMs() < end;) await wait(100);
    return isSo();
  };
  try {
    await isUp.promise;
    await client.subscribe(topics.orchestratorStatus, 1);
    await client.subscribe(topics.policy(device), 1);
    const holder = holderOfState(house.stateDir);
    const isOnline = () => livingDaemon(heard.daemon, house, holder)?.online === true;
    if (!await until(isOnline, FIRST_WORD_MS)) throw new Error(`the daemon ${noDaemonText(house, holder)}`);
    const identity = examineIdentity(house, heard.daemon);
    if (identity?.verdict === "bad") throw new Error(identity.text);
    say(introduction(device, house, limitSec));
    let title = "";
    let saidMonoMs = -Infinity;
    const startSec = elapsed();
    for (;;) {
      const downSec = heard.downSec === undefined ? undefined : heard.downSec - startSec;
      const moment = momentAt(event, elapsed() - startSec, downSec, limitSec);
      if (moment.kind === "over" || signal.aborted) break;
      if (moment.title !== title || clock.monoMs() - saidMonoMs >= SAY_EVERY_MS) {
        if (moment.title !== title) say(`played        ${moment.title}, ${moment.soc} %`);
        title = moment.title;
        saidMonoMs = clock.monoMs();
        const state = encodePowerState(playedState(device, moment, clock.wallMs()));
        await Promise.race([client.publish(topics.state(device), state, { qos: 1 }), gone.promise]);
      }
      if (!heard.isTaken && elapsed() - startSec > TAKEN_SEC) break;
      await wait(LOOK_EVERY_MS);
    }
    await client.publish(topics.state(device), "", { qos: 1 });
    if (!heard.isTaken && !signal.aborted) throw new Error(notTakenText(device));
    const isOver = await until(() => heard.policy?.simulated !== true, LAST_WORD_MS);
    say(
      isOver
        ? "The play is over, and nothing of it is left."
        : "The play is over; the shutdown of its hosts is being aborted.",
    );
  } finally {
    await client.close();
  }
}

/** A daemon knows the names that its configuration had at its start. */
function notTakenText(device: string): string {
  return `the daemon does not play "${device}"; see why: journalctl -u ecoflow-power -g "SIMULATED STATE REFUSED"; when ` +
    "SIMULATED_STATIONS was changed since its start: sudo systemctl restart ecoflow-power";
}

function introduction(device: string, house: HouseConfig, limitSec: number): string {
  const hosts = own(house.agentsByStation, device) ?? [];
  const who = hosts.length === 0
    ? "no host is mapped to it, so nobody is told anything"
    : `${hosts.join(", ")} ${hosts.length === 1 ? "is" : "are"} mapped to it and WILL be shut down`;
  return `Playing on ${device} for ${limitSec / 60} min at most; Ctrl+C ends it. ${who}.`;
}

/** Runs it. @returns the exit code */
export async function feed(args: readonly string[]): Promise<number> {
  let asked;
  try {
    asked = readFeed(args);
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  const config = readConfig(asked.env === undefined ? [] : ["--env", asked.env]);
  if (typeof config === "number") return config;
  const end = new AbortController();
  const stop = () => end.abort();
  try {
    const request = asked.request(config.house);
    for (const name of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(name, stop);
    await play(request, {
      connect: connectMqtt,
      clock: systemClock(),
      house: config.house,
      say: (line) => void print(`${line}\n`),
      signal: end.signal,
    });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof RangeError) return complain(`${errorText(error)}\n`, EXIT.usage);
    const { text, code } = failureOf(error, config.house);
    return complain(`Cannot play: ${text}\n`, code);
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(name, stop);
  }
}
