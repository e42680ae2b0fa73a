/** What is said to the house: presence, acknowledgements and journal entries. Pure. */
import type { AgentAck } from "../../../lib/messages/agent/ack.ts";
import type { AgentCommand } from "../../../lib/messages/agent/command.ts";
import type { AgentStatus } from "../../../lib/messages/agent/status.ts";
import type { JournalEvent } from "../../../lib/messages/event.ts";
import type { Latch, LatchEffect, LatchInput } from "./latch.ts";
import type { RefusedLogin } from "../access/refused_logins.ts";
import type { Scope } from "../access/scopes.ts";

/** Something to publish; the time is added where it is published. */
export type Outcome =
  | { readonly kind: "presence"; readonly status: Omit<AgentStatus, "ts"> }
  | { readonly kind: "ack"; readonly ack: Omit<AgentAck, "ts"> }
  | { readonly kind: "event"; readonly event: Omit<JournalEvent, "ts" | "source"> }
  /** `untold`: so many others were not told since the last that was. */
  | { readonly kind: "login_refused"; readonly refused: RefusedLogin; readonly untold: number };

/**
 * What a command to a host means for its latch, and what is answered at once. A shutdown is acknowledged only when a
 * client has been shown it: until then nobody has obeyed.
 */
export function answerCommand(
  host: string,
  command: AgentCommand,
  { lifeMs, clients }: { readonly lifeMs: number; readonly clients: number },
): { readonly input?: LatchInput; readonly outcomes: readonly Outcome[] } {
  const { id, action } = command;
  const say = (status: AgentAck["status"], detail: string): { readonly outcomes: readonly Outcome[] } => ({
    outcomes: [ack(host, { id, action, status, detail })],
  });
  if (command.agent !== undefined && command.agent !== host) {
    return say("rejected", `addressed to "${command.agent}", not to "${host}"`);
  }
  if (action === "abort") return { input: { kind: "abort" }, outcomes: [] };
  if (action === "shutdown" && !command.drill) {
    if (lifeMs <= 0) return say("rejected", "too old: its time to live is over");
    const input: LatchInput = { kind: "command", id, lifeMs };
    return { input, outcomes: [] };
  }
  // "failed" would be a preparation that is passed over: who asked would wait for the end.
  if (clients === 0) return say("rejected", "no NUT client of this host is logged in");
  const logged = `${clients} NUT client${clients === 1 ? " is" : "s are"} logged in`;
  return say(
    "done",
    action === "ping" ? logged : `${logged}; NUT has no rehearsal, so nothing was shown to them`,
  );
}

/**
 * The answer to an abort, once the latch has taken it in.
 *
 * @param isGone The host's clients have left after they had been shown a forced shutdown
 */
export function answerAbort(
  host: string,
  { id, action }: AgentCommand,
  { after, isGone }: { readonly after: Latch; readonly isGone: boolean },
): Outcome {
  if (isGone) {
    return ack(host, { id, action, status: "failed", detail: "its NUT clients have left to shut down" });
  }
  return after.on
    ? ack(host, { id, action, status: "failed", detail: "its NUT clients have seen the forced shutdown" })
    : ack(host, { id, action, status: "aborted", detail: "no NUT client is shown a forced shutdown" });
}

/** What a step of a latch means for the others. */
export function latchOutcomes(scope: Scope, effect: LatchEffect): readonly Outcome[] {
  const host = scope.kind === "host" ? scope.host : undefined;
  const outcomes: Outcome[] = [latchEvent(scope, effect)];
  if (host === undefined || effect.kind === "set" || effect.commandId === undefined) return outcomes;
  const about = { id: effect.commandId, action: "shutdown" };
  if (effect.kind === "shown") {
    outcomes.push(ack(host, { ...about, status: "accepted", detail: "FSD is shown" }));
    outcomes.push(ack(host, { ...about, status: "shutting_down", detail: "a NUT client has seen FSD" }));
  } else if (effect.why === "in_time") {
    outcomes.push(
      ack(host, { ...about, status: "aborted", detail: "FSD was taken back before a NUT client saw it" }),
    );
  }
  return outcomes;
}

function latchEvent(scope: Scope, effect: LatchEffect): Outcome {
  const who = scope.key;
  const agent = scope.kind === "host" ? { agent: scope.host } : {};
  const device = scope.kind === "host" ? {} : { device: scope.device };
  const say = (kind: string, severity: JournalEvent["severity"], text: string): Outcome => ({
    kind: "event",
    event: { kind, severity, text, ...agent, ...device },
  });
  switch (effect.kind) {
    case "set":
      return effect.cause === "policy"
        ? say("nut_fsd_set", "danger", `NUT clients of ${who} are told to shut down`)
        : say("nut_fsd_set", "warning", `The primary NUT client of ${who} shuts its own host down`);
    case "shown":
      return say("nut_fsd_seen", "notice", `A NUT client of ${who} has seen the forced shutdown`);
    case "cleared":
      return say(
        "nut_fsd_cleared",
        "notice",
        `NUT clients of ${who} are no longer told to shut down: ${WHY[effect.why]}`,
      );
  }
}

const WHY = {
  in_time: "none had seen it",
  obeyed: "all that had seen it are gone",
  held: "the outage is over, though some that had seen it are still there",
} as const;

function ack(agent: string, rest: Omit<AgentAck, "ts" | "agent">): Outcome {
  return { kind: "ack", ack: { agent, ...rest } };
}
