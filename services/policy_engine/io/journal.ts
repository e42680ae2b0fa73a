/** What an effect is called in the log and in the journal. Pure. */
import type { LogFields, LogLevel } from "../../../lib/log/log.ts";
import type { JournalEvent } from "../../../lib/messages/event.ts";
import type { HouseEffect } from "../house.ts";
import type { OutageEvent } from "../outage/outage.ts";

/** One thing to tell. */
export interface Telling {
  readonly level: LogLevel;
  /** The log line's title; `TIMER START`, `SHUTDOWN TRIGGERED` and `ABORT` are a public contract. */
  readonly title: string;
  readonly fields: LogFields;
  readonly event: Omit<JournalEvent, "ts" | "source">;
}

/** Before everything that is said of a play. */
export const SIMULATED = "SIMULATED: ";

/** The same, marked as a part of a play. */
export function asSimulated({ event, fields, ...rest }: Telling): Telling {
  return {
    ...rest,
    fields: { ...fields, simulated: true },
    event: {
      ...event,
      text: `${SIMULATED}${event.text}`.slice(0, 500),
      data: { ...event.data, simulated: true },
    },
  };
}

/** A play begins, or is over, and why. */
export function playTelling(device: string, isBegin: boolean, reason: string): Telling {
  return asSimulated({
    level: "notice",
    title: isBegin ? "SIMULATION BEGINS" : "SIMULATION ENDED",
    fields: { device, reason },
    event: {
      kind: isBegin ? "simulation_began" : "simulation_ended",
      severity: "notice",
      device,
      text: `${device}: ${reason}`,
    },
  });
}

/** undefined for effects that need no telling. */
export function tellingOf(effect: HouseEffect): Telling | undefined {
  switch (effect.kind) {
    case "outage":
      return outageTelling(effect);
    case "blind":
      return blindTelling(effect);
    case "grid_untold":
      return untoldTelling(effect);
    case "disagreement":
      return {
        level: "warn",
        title: "WITNESS DISAGREES",
        fields: { device: effect.device, reason: effect.text },
        event: {
          kind: "witness_disagrees",
          severity: "warning",
          device: effect.device,
          text: `${effect.device}: ${effect.text}`.slice(0, 500),
        },
      };
    case "outage_forgotten":
      return {
        level: "notice",
        title: "OUTAGE FORGOTTEN",
        fields: { device: effect.device },
        event: {
          kind: "outage_forgotten",
          severity: "notice",
          device: effect.device,
          text:
            `${effect.device}: its hosts were switched on since our last reading of it, so the power went and came back; ` +
            "nothing is shut down until somebody says that the grid is gone",
        },
      };
    case "stage":
      return {
        level: "warn",
        title: "STAGE BEGINS",
        fields: { device: effect.device, stage: effect.number, reason: effect.reason },
        event: {
          kind: "stage_begins",
          severity: "danger",
          device: effect.device,
          text: `${effect.device}: stage ${effect.number} begins, ${effect.reason}`.slice(0, 500),
          data: { stage: effect.number },
        },
      };
    case "host":
      return hostTelling(effect);
  }
}

/** A host's clock and ours disagree. */
export function clockTelling(agent: string, text: string): Telling {
  return {
    level: "warn",
    title: "CLOCKS DIFFER",
    fields: { agent, reason: text },
    event: { kind: "clocks_differ", severity: "warning", agent, text: text.slice(0, 500) },
  };
}

/** Two hosts speak under one name. */
export function twinsTelling(agent: string, text: string): Telling {
  return {
    level: "warn",
    title: "TWO HOSTS WITH ONE NAME",
    fields: { agent, reason: text },
    event: { kind: "agent_twins", severity: "warning", agent, text: text.slice(0, 500) },
  };
}

/** A command that the broker refused, or that expired before the broker was back: the host knows nothing of it. */
export function lostCommandTelling(
  { agent, id, action }: { readonly agent: string; readonly id: string; readonly action: string },
  reason: string,
): Telling {
  const text = `${agent} was NOT reached: its command "${action}" was not delivered, ${reason}`;
  return {
    level: "error",
    title: "COMMAND NOT DELIVERED",
    fields: { agent, action, id, reason },
    event: {
      kind: "command_not_delivered",
      severity: action === "shutdown" ? "danger" : "warning",
      agent,
      text: text.slice(0, 500),
      data: { id, action },
    },
  };
}

/** What came of a request, by its own id. */
export function requestTelling(
  { kind, device, text, id }: {
    readonly kind: string;
    readonly device?: string;
    readonly text: string;
    readonly id: string;
  },
): Telling {
  return {
    level: "notice",
    title: kind.replaceAll("_", " ").toUpperCase(),
    fields: { id, text },
    event: { kind, severity: "notice", device, text: text.slice(0, 500), data: { id } },
  };
}

function outageTelling({ device, event, numbers }: Extract<HouseEffect, { kind: "outage" }>): Telling {
  const known = Object.entries(numbers).filter(([, value]) => value !== undefined);
  const tell = (
    level: LogLevel,
    title: string,
    severity: JournalEvent["severity"],
    text: string,
    kind: string = event.kind,
  ): Telling => ({
    level,
    title,
    fields: { device, reason: "reason" in event ? event.reason : undefined },
    event: { kind, severity, device, text: text.slice(0, 500), data: Object.fromEntries(known) },
  });
  switch (event.kind) {
    case "grid_lost":
      return tell("notice", "GRID LOST", "warning", `${device}: the grid is gone, on battery`);
    case "grid_back":
      return tell("notice", "GRID BACK", "notice", `${device}: the grid is back`);
    case "timer_started":
      return timerTelling(device, event, known);
    case "timer_aborted":
      return tell("notice", "TIMER ABORTED", "notice", `${device}: the timer is aborted, ${event.reason}`);
    case "shutdown_triggered":
      return tell(
        "crit",
        "SHUTDOWN TRIGGERED",
        "danger",
        `${device}: hosts are told to shut down, ${event.reason}`,
      );
    case "called_off":
      return tell("notice", "ABORT", "notice", `${device}: the shutdown is aborted, ${event.reason}`);
  }
}

/** Who goes down when, unless something changes: the one line that somebody reads while there is time. */
function timerTelling(
  device: string,
  { reason, endsInMs, hosts = [] }: Extract<OutageEvent, { kind: "timer_started" }>,
  known: readonly (readonly [string, number | boolean | undefined])[],
): Telling {
  const seconds = Math.ceil(endsInMs / 1000);
  const who = hosts.length === 0
    ? "no host is listed under it"
    : `${hosts.join(", ")} ${hosts.length === 1 ? "is" : "are"} told to shut down ` +
      (seconds === 0 ? "at once" : `in ${seconds} s unless the grid returns`);
  return {
    level: "warn",
    title: "TIMER START",
    fields: { device, reason, seconds, hosts: hosts.join(" ") || undefined },
    event: {
      kind: "timer_started",
      severity: "danger",
      device,
      text: `${device}: ${reason}; ${who}`.slice(0, 500),
      data: { ...Object.fromEntries(known), timer_s: seconds },
    },
  };
}

function untoldTelling(
  { device, isUntold, onBattery, witnesses, hasHosts }: Extract<HouseEffect, { kind: "grid_untold" }>,
): Telling {
  const meanwhile = witnesses.length > 0
    ? `${witnesses.join(" and ")} ${witnesses.length === 1 ? "decides" : "decide"} meanwhile`
    : !hasHosts
    ? "no host is listed under it"
    : onBattery
    ? "the outage goes on, by its charge"
    : "nothing is shut down by that alone, and its hosts are not protected until somebody tells it";
  const text = isUntold
    ? `${device}: the station speaks and does not tell any more whether the grid is there; ${meanwhile}`
    : `${device}: the station tells again whether the grid is there`;
  return {
    level: isUntold ? "warn" : "notice",
    title: isUntold ? "GRID UNKNOWN" : "GRID KNOWN",
    fields: { device },
    event: {
      kind: isUntold ? "grid_unknown" : "grid_known",
      severity: isUntold ? "warning" : "notice",
      device,
      text: text.slice(0, 500),
    },
  };
}

function blindTelling(
  { device, isBlind, onBattery, isSpeaking }: Extract<HouseEffect, { kind: "blind" }>,
): Telling {
  const title = isBlind ? (onBattery ? "BLIND ON BATTERY" : "BLIND") : "SEES AGAIN";
  const text = !isBlind
    ? `${device}: fresh values arrive again`
    : isSpeaking
    ? `${device}: the station speaks, but grid or charge are not confirmed any more; ` +
      (onBattery ? "the timers go on" : "nothing is shut down by that alone")
    : onBattery
    ? `${device}: nothing fresh arrives while on battery; the charge is estimated and the timers go on`
    : `${device}: nothing fresh arrives; the grid was there at the last reading, so nothing is shut down`;
  return {
    level: isBlind ? "warn" : "notice",
    title,
    fields: { device },
    event: { kind: isBlind ? "blind" : "sees_again", severity: isBlind ? "warning" : "info", device, text },
  };
}

function hostTelling({ agent, effect, reason, stage }: Extract<HouseEffect, { kind: "host" }>): Telling {
  const tell = (
    level: LogLevel,
    title: string,
    kind: string,
    severity: JournalEvent["severity"],
    text: string,
  ): Telling => {
    const id = "commandId" in effect ? effect.commandId : undefined;
    return {
      level,
      title,
      fields: { agent, reason, id, stage },
      event: {
        kind,
        severity,
        agent,
        text: text.slice(0, 500),
        data: id === undefined ? undefined : { id, ...(stage === undefined ? {} : { stage }) },
      },
    };
  };
  switch (effect.kind) {
    case "send":
      return effect.action === "shutdown"
        ? tell("crit", "SHUTDOWN SENT", "shutdown_sent", "danger", `${agent} is told to shut down: ${reason}`)
        : tell(
          "notice",
          "ABORT SENT",
          "abort_sent",
          "notice",
          `the shutdown of ${agent} is aborted: ${reason}`,
        );
    case "is_down":
      return tell(
        "notice",
        "HOST DOWN",
        "host_down",
        "notice",
        `${agent} went down as it was told, in ${Math.round(effect.tookMs / 1000)} s`,
      );
    case "is_aborted":
      return tell("notice", "HOST CALLED OFF", "host_called_off", "notice", `${agent} stays up`);
    case "not_aborted":
      return tell(
        "warn",
        "HOST NOT CALLED OFF",
        "host_not_called_off",
        "warning",
        `${agent} never said that it stays up`,
      );
    case "wake":
      return tell("info", "WAKE SENT", "wake_sent", "info", `${agent} is being woken`);
    case "is_awake":
      return tell("notice", "HOST AWAKE", "host_awake", "notice", `${agent} is up again`);
    case "not_awake":
      return tell("warn", "HOST NOT AWAKE", "host_not_awake", "warning", `${agent} could not be woken`);
  }
}
