/** The hosts in the snapshot. Pure. */
import * as v from "valibot";
import { textUpTo } from "../../../lib/messages/parse.ts";
import type { HostPhase, HostState } from "../hosts/host_phase.ts";
import { age, ageOf, type AtAge, notedAge } from "./ages.ts";

const id = textUpTo(64);

/** One host. */
export const hostSchema = v.object({
  noted_age_ms: notedAge,
  phase: v.picklist(["idle", "told", "down", "calling_off", "waking"]),
  id: v.optional(id),
  abort_id: v.optional(id),
  answer: v.optional(v.picklist(["none", "accepted", "rejected", "failed", "shutting_down"])),
  is_delivered: v.optional(v.boolean()),
  was_down: v.optional(v.boolean()),
  is_taken: v.optional(v.boolean()),
  age_ms: v.optional(age),
  told_age_ms: v.optional(age),
  sent_age_ms: v.optional(age),
});

/** One host as it is written. */
export type SavedHost = v.InferOutput<typeof hostSchema>;

/** See {@link toHostPhase} for the way back. */
export function fromHost({ phase }: HostState, nowMonoMs: number): SavedHost {
  switch (phase.kind) {
    case "idle":
      return { phase: "idle" };
    case "commanded":
      return {
        phase: "told",
        id: phase.commandId,
        answer: phase.answer,
        is_delivered: phase.delivery === "done",
        was_down: phase.wasDown,
        age_ms: ageOf(phase.commandedMonoMs, nowMonoMs),
        told_age_ms: ageOf(phase.firstCommandedMonoMs, nowMonoMs),
        ...(phase.saidAgainMonoMs !== undefined && { sent_age_ms: ageOf(phase.saidAgainMonoMs, nowMonoMs) }),
      };
    case "down":
      return {
        phase: "down",
        id: phase.commandId,
        age_ms: ageOf(phase.sinceMonoMs, nowMonoMs),
        told_age_ms: ageOf(phase.commandedMonoMs, nowMonoMs),
      };
    case "aborting":
      return {
        phase: "calling_off",
        id: phase.shutdownId,
        abort_id: phase.abortId,
        was_down: phase.wasDown,
        is_taken: phase.isTaken,
        age_ms: ageOf(phase.sinceMonoMs, nowMonoMs),
        sent_age_ms: ageOf(phase.sentMonoMs, nowMonoMs),
      };
    case "waking":
      return {
        phase: "waking",
        id: phase.commandId,
        age_ms: ageOf(phase.sinceMonoMs, nowMonoMs),
        sent_age_ms: ageOf(phase.sentMonoMs, nowMonoMs),
      };
  }
}

/** Whether a restart need not know the difference. */
export function isSameHost(a: HostState, b: HostState): boolean {
  return a.phase === b.phase;
}

/** A command that the broker had not confirmed counts as lost: it is sent again, with its id. */
export function toHostPhase(saved: SavedHost, at: AtAge): HostPhase {
  const { id: commandId = "", answer = "none", was_down: wasDown } = saved;
  switch (saved.phase) {
    case "idle":
      return { kind: "idle" };
    case "told":
      return {
        kind: "commanded",
        commandId,
        answer,
        delivery: saved.is_delivered ? "done" : "lost",
        wasDown,
        commandedMonoMs: at(saved.age_ms),
        firstCommandedMonoMs: at(saved.told_age_ms),
        ...(saved.sent_age_ms !== undefined && { saidAgainMonoMs: at(saved.sent_age_ms) }),
      };
    case "down":
      return {
        kind: "down",
        commandId,
        commandedMonoMs: at(saved.told_age_ms),
        sinceMonoMs: at(saved.age_ms),
      };
    case "calling_off":
      return {
        kind: "aborting",
        shutdownId: commandId,
        abortId: saved.abort_id ?? "",
        isTaken: saved.is_taken,
        wasDown,
        sinceMonoMs: at(saved.age_ms),
        sentMonoMs: at(saved.sent_age_ms),
      };
    case "waking":
      return { kind: "waking", commandId, sinceMonoMs: at(saved.age_ms), sentMonoMs: at(saved.sent_age_ms) };
  }
}
