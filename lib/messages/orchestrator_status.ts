/** Presence of the daemon: topic `power-manager/orchestrator/status`, retained, with a will. */
import * as v from "valibot";
import type { HealthCondition } from "../health.ts";
import { isoTime, numberIn, parseJson, textUpTo } from "./parse.ts";
import { recordOf } from "../record_of.ts";

/** Longest sentence on a problem, in characters. */
const PROBLEM_CHARS = 500;
/** Longest reason why a client was refused, in characters. */
const REFUSED_CHARS = 300;

const schema = v.object({
  online: v.boolean(),
  version: v.optional(textUpTo(32)),
  instance: v.optional(textUpTo(64)),
  state_dir: v.optional(textUpTo(1024)),
  host_name: v.optional(textUpTo(255)),
  pid: v.optional(numberIn(1, 2 ** 31)),
  services: v.optional(recordOf(
    v.object({
      state: v.picklist(["starting", "ready", "restarting", "stopped"]),
      restarts: v.number(),
      problems: v.array(textUpTo(PROBLEM_CHARS)),
      conditions: v.optional(v.array(v.object({
        code: textUpTo(64),
        severity: v.picklist(["warning", "error"]),
        hosts: v.optional(v.array(v.object({
          host: textUpTo(64),
          refused: v.optional(textUpTo(REFUSED_CHARS)),
        }))),
      }))),
    }),
  )),
  together: v.optional(v.pipe(v.array(textUpTo(64)), v.maxLength(64, "must name at most 64 services"))),
  ts: v.optional(isoTime),
});

/**
 * Online with the health of every service; `instance` is another one at each start of a daemon; the will is
 * `{"online":false}`. `state_dir` and `host_name`: where this daemon keeps its state, by which a command knows that it is the
 * one of its own configuration. `pid`: its process on that host. `problems` are sentences for people; `conditions` are the
 * same for programs, with the hosts that each is about. `together`: services that share one worker, and so fail together.
 */
export type OrchestratorStatus = v.InferOutput<typeof schema>;

/** One service within it. */
export type ServiceStatus = NonNullable<OrchestratorStatus["services"]>[string];

/** What a service says of itself, cut to what {@link parseOrchestratorStatus} reads. */
export function serviceStatus(
  { state, restarts, problems }: Pick<ServiceStatus, "state" | "restarts"> & {
    readonly problems: readonly HealthCondition[];
  },
): ServiceStatus {
  return {
    state,
    restarts,
    problems: problems.map(({ text }) => cutTo(PROBLEM_CHARS, text)),
    conditions: problems.map(({ code, severity, hosts }) => ({
      code,
      severity,
      hosts: hosts?.map(({ host, refused }) => ({
        host,
        refused: refused === undefined ? undefined : cutTo(REFUSED_CHARS, refused),
      })),
    })),
  };
}

const cutTo = (length: number, text: string) =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

/** Reads a status. @throws InvalidInputError naming each wrong key */
export function parseOrchestratorStatus(payload: Uint8Array | string, source: string): OrchestratorStatus {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeOrchestratorStatus(status: OrchestratorStatus): string {
  return JSON.stringify(status);
}
