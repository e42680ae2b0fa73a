/** Presence of the daemon: topic `power-manager/orchestrator/status`, retained, with a will. */
import * as v from "valibot";
import { isoTime, numberIn, parseJson, textUpTo } from "./parse.ts";
import { recordOf } from "../record_of.ts";

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
      problems: v.array(textUpTo(500)),
    }),
  )),
  ts: v.optional(isoTime),
});

/**
 * Online with the health of every service; `instance` is another one at each start of a daemon; the will is
 * `{"online":false}`. `state_dir` and `host_name`: where this daemon keeps its state, by which a command knows that it is the
 * one of its own configuration. `pid`: its process on that host.
 */
export type OrchestratorStatus = v.InferOutput<typeof schema>;

/** Reads a status. @throws InvalidInputError naming each wrong key */
export function parseOrchestratorStatus(payload: Uint8Array | string, source: string): OrchestratorStatus {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeOrchestratorStatus(status: OrchestratorStatus): string {
  return JSON.stringify(status);
}
