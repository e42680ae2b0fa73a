/** The policy's present state for one station: topic `power-manager/policy/<device>`, retained. */
import * as v from "valibot";
import { isoTime, numberIn, parseJson, textUpTo } from "./parse.ts";

const schema = v.object({
  device: textUpTo(64),
  state: v.picklist(["unknown", "online", "on_battery", "critical", "shutting_down", "recovery"]),
  sentence: textUpTo(500),
  blind: v.boolean(),
  soc: v.optional(numberIn(0, 100)),
  soc_estimated: v.optional(v.boolean()),
  soc_min: v.optional(numberIn(0, 100)),
  minutes_left: v.optional(numberIn(0, 1e7)),
  grid_connected: v.optional(v.boolean()),
  grid_unknown: v.optional(v.boolean()),
  timer_left_s: v.optional(numberIn(0, 1e9)),
  shutdown_earliest_s: v.optional(numberIn(0, 1e9)),
  held: v.optional(textUpTo(500)),
  in_doubt: v.optional(v.boolean()),
  boot_id: v.optional(textUpTo(64)),
  simulated: v.optional(v.literal(true)),
  hosts: v.optional(v.array(v.object({
    agent: textUpTo(64),
    state: v.picklist([
      "unknown",
      "online",
      "offline",
      "sending",
      "told",
      "accepted",
      "rejected",
      "shutting_down",
      "down",
    ]),
    stage: v.optional(numberIn(0, 99)),
    command_id: v.optional(textUpTo(64)),
    detail: v.optional(textUpTo(300)),
  }))),
  ts: isoTime,
});

/**
 * What the policy thinks, in words (`sentence`) and numbers. A host is `sending` while a command is meant for it that the broker
 * has not taken yet (`detail`: why not, if it refused), and `told` from then on. `blind`: no fresh reading of the station. `timer_left_s`:
 * seconds until the running debounce or window ends, absent when nothing runs. `shutdown_earliest_s`: on battery and not
 * in danger yet, seconds until the first host will be told if charge and load go on as they do; absent: nobody can tell.
 * `minutes_left`: on battery, minutes until the outputs go dark, as the station says or else as the policy reckons, and then
 * too few rather than too many; absent: the grid is there, or no charge was ever heard.
 * `grid_unknown`: true while the station speaks and does not tell any more whether the grid is there; a witness may say it
 * meanwhile, and an outage that ran goes on. Absent: it tells it, or never did. `held`: who holds the shutdown back, absent:
 * nobody. `in_doubt`: the outage is from before a reboot, nobody knows whether it goes on, and nobody is told by it; absent: no. `simulated`: what the station says is played, see {@link PowerState}; absent: no. `boot_id`: the start of the system in which this was said.
 */
export type PolicyStatus = v.InferOutput<typeof schema>;

/** Reads a policy status. @throws InvalidInputError naming each wrong key */
export function parsePolicyStatus(payload: Uint8Array | string, source: string): PolicyStatus {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodePolicyStatus(status: PolicyStatus): string {
  return JSON.stringify(status);
}
