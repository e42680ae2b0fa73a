/** One host on its way down and back: what it is told as it is wanted down or up, and its waking. Pure; times are monotonic ms. */
import { callOff, goOnCallingOff } from "./host_abort.ts";
import {
  goneDown,
  hasGone,
  heardAck,
  heardPresence,
  isTaken,
  wasDelivered,
  wasRefused,
} from "./host_evidence.ts";
import {
  type HostEffect,
  type HostInput,
  type HostPhase,
  type HostState,
  type HostStep,
  PREPARATIONS_MS,
  REFUSED_RESEND_MS,
  stay,
  to,
  UNANSWERED_RESEND_MS,
  WAKE_EVERY_MS,
  WAKE_LIMIT_MS,
  WAKE_PATIENCE_MS,
  WAKE_SLOWLY_EVERY_MS,
} from "./host_phase.ts";
import type { HostRules } from "../rules/host_rules.ts";

/** One step. `newId` makes the id of a command, if one is sent. */
export function stepHost(
  state: HostState,
  input: HostInput,
  rules: HostRules,
  nowMonoMs: number,
  newId: () => string,
): HostStep {
  switch (input.kind) {
    case "presence":
      return heardPresence({ ...state, online: input.online }, input, state.online, nowMonoMs, newId);
    case "ack":
      return heardAck(state, input);
    case "delivered":
      return wasDelivered(state, input.commandId);
    case "undelivered":
      return wasRefused(state, input, nowMonoMs);
    case "tick":
      if (hasGone(state)) return goneDown(state, state.phase, nowMonoMs);
      return input.wanted === "down"
        ? wantDown(state, rules, nowMonoMs, newId)
        : wantUp(state, input.mayWake, rules, nowMonoMs, newId);
  }
}

function wantDown(state: HostState, rules: HostRules, nowMonoMs: number, newId: () => string): HostStep {
  const { phase } = state;
  const tell = (firstCommandedMonoMs: number, wasDown?: boolean): HostStep => {
    const commandId = newId();
    return to(state, {
      kind: "commanded",
      commandId,
      commandedMonoMs: nowMonoMs,
      firstCommandedMonoMs,
      answer: "none",
      delivery: "waiting",
      wasDown,
    }, { kind: "send", action: "shutdown", commandId });
  };
  switch (phase.kind) {
    case "idle":
      return tell(nowMonoMs);
    case "aborting":
      return tell(nowMonoMs, phase.wasDown);
    case "waking":
      // It may be on its way up: it hears this when its agent connects.
      return tell(nowMonoMs, true);
    case "down":
      return state.online ? tell(nowMonoMs, true) : stay(state);
    case "commanded": {
      const patienceMs = isTaken(phase)
        ? rules.cooldownMs + rules.shutdownDelayMs + PREPARATIONS_MS
        : rules.cooldownMs;
      if (nowMonoMs - phase.commandedMonoMs >= patienceMs) {
        return tell(phase.firstCommandedMonoMs, phase.wasDown);
      }
      const again: HostEffect = {
        kind: "send",
        action: "shutdown",
        commandId: phase.commandId,
        isRepeat: true,
      };
      if (phase.delivery === "lost" || isResendDue(phase, nowMonoMs)) {
        return to(state, { ...phase, delivery: "waiting" }, again);
      }
      if (!isUnansweredTooLong(state, phase, nowMonoMs)) return stay(state);
      return to(state, { ...phase, saidAgainMonoMs: nowMonoMs }, { ...again, isUnanswered: true });
    }
  }
}

/** The owner may have mended the access list meanwhile: the host must not wait out its cooldown for that. */
function isResendDue(
  { delivery, refused }: HostPhase & { kind: "commanded" },
  nowMonoMs: number,
): boolean {
  if (delivery !== "refused" || !refused) return false;
  const { first, longest } = REFUSED_RESEND_MS;
  return nowMonoMs - refused.atMonoMs >= Math.min(longest, first * 2 ** (refused.times - 1));
}

/** The broker has it and the host is online, but says nothing: perhaps the broker lost it. */
function isUnansweredTooLong(
  { online }: HostState,
  { delivery, answer, commandedMonoMs, saidAgainMonoMs = commandedMonoMs }: HostPhase & { kind: "commanded" },
  nowMonoMs: number,
): boolean {
  if (!online || delivery !== "done" || answer !== "none") return false;
  const { least, most } = UNANSWERED_RESEND_MS;
  return nowMonoMs - saidAgainMonoMs >= Math.min(most, Math.max(least, saidAgainMonoMs - commandedMonoMs));
}

function wantUp(
  state: HostState,
  mayWake: boolean,
  rules: HostRules,
  nowMonoMs: number,
  newId: () => string,
): HostStep {
  const { phase } = state;
  switch (phase.kind) {
    case "idle":
      return stay(state);
    case "commanded":
      return callOff(state, phase.commandId, nowMonoMs, newId, {
        isTaken: isTaken(phase) || undefined,
        wasDown: phase.wasDown,
      });
    case "down": {
      if (state.online) {
        // Perhaps it only lost its network and its shutdown still runs: an abort does no harm to a host that has booted.
        const mayStillGo = nowMonoMs - phase.commandedMonoMs < rules.shutdownDelayMs + PREPARATIONS_MS;
        return mayStillGo
          ? callOff(state, phase.commandId, nowMonoMs, newId, { isTaken: true })
          : to(state, { kind: "idle" });
      }
      if (!mayWake) return stay(state);
      const { commandId } = phase;
      return to(state, { kind: "waking", commandId, sinceMonoMs: nowMonoMs, sentMonoMs: nowMonoMs }, {
        kind: "wake",
      });
    }
    case "aborting":
      return goOnCallingOff(state, phase, rules, nowMonoMs, newId);
    case "waking": {
      const forMs = nowMonoMs - phase.sinceMonoMs;
      if (forMs >= WAKE_LIMIT_MS) return to(state, { kind: "idle" }, { kind: "not_awake" });
      const everyMs = forMs < WAKE_PATIENCE_MS ? WAKE_EVERY_MS : WAKE_SLOWLY_EVERY_MS;
      if (!mayWake || nowMonoMs - phase.sentMonoMs < everyMs) return stay(state);
      return to(state, { ...phase, sentMonoMs: nowMonoMs }, { kind: "wake" });
    }
  }
}
