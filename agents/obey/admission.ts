/** Lets in the commands and plans that are genuine and in time. The others are refused, logged, and answered in moderation. */
import type { BusMessage } from "../../lib/workers/bus.ts";
import type { Clock } from "../../lib/time/clock.ts";
import { InvalidInputError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log/log.ts";
import { type AgentCommand, parseAgentCommand } from "../../lib/messages/agent/command.ts";
import { type AgentPlan, parseAgentPlan } from "../../lib/messages/agent/plan.ts";
import { RateLimit } from "../../lib/rate_limit.ts";
import type { HostTime } from "../host_time.ts";
import { Challenges } from "./challenge.ts";
import type { Keyring } from "./keyring.ts";
import type { CommandMemory } from "./memory.ts";
import { verifyCommand, verifyPlan } from "./verify.ts";

/** Refusals that are answered and logged: this many at once, then one every six seconds. */
const REFUSALS = { burst: 10, everyMs: 6000 };

/** What the admission needs of its agent. */
export interface AdmissionParts {
  readonly agent: string;
  readonly allowUnsigned: boolean;
  readonly keyring: Keyring;
  readonly memory: CommandMemory;
  readonly clock: Clock;
  readonly time: HostTime;
  readonly log: Logger;
  /** Answers a command that was refused. @param challenge Set when only its time was wrong: how to prove that it is new */
  reject(command: AgentCommand, reason: string, challenge: string | undefined): void;
  /** Other keys than before are known, or in use. */
  onKeysChanged(): void;
}

/** See the file comment. */
export class Admission {
  readonly #refusals = new RateLimit(REFUSALS.burst, REFUSALS.everyMs);
  /** Of their own: a flood of forged commands must not hide that the clocks disagree. */
  readonly #lateRefusals = new RateLimit(REFUSALS.burst, REFUSALS.everyMs);
  readonly #challenges = new Challenges();

  constructor(private readonly parts: AdmissionParts) {}

  /** The command of a message; undefined: it is none, or was refused. @throws InvalidInputError */
  command({ topic, payload, retained }: BusMessage): AgentCommand | undefined {
    // The daemon proves by it that the broker lets it write here.
    if (payload.length === 0) return undefined;
    const command = parseAgentCommand(payload, `MQTT topic "${topic}"`);
    // Commands are never retained: one that is may be old, and would come again at every connect.
    if (retained) return this.#reject(command, "retained: commands must not be");
    const { clock, time, memory } = this.parts;
    const verified = this.#verified(() =>
      verifyCommand(command, {
        ...this.#trust(),
        nowWallMs: clock.wallMs(),
        isSeen: (id) => memory.has(id),
        settledMs: memory.settledMs,
        isFresh: (command) => this.#challenges.isAnsweredBy(command, time.uptimeMs()),
      })
    );
    if (verified.kind === "good") return command;
    return this.#reject(command, verified.reason, verified.isOnlyItsTime);
  }

  /** The plan of a message; undefined: it is none, or was refused. @throws InvalidInputError */
  plan({ topic, payload }: BusMessage): AgentPlan | undefined {
    // Somebody took the plan away: what we know stays known.
    if (payload.length === 0) return undefined;
    const plan = parseAgentPlan(payload, `MQTT topic "${topic}"`);
    const verified = this.#verified(() => verifyPlan(plan, this.#trust()));
    if (verified.kind === "good") return plan;
    this.#refuse("PLAN", plan.id, verified.reason);
  }

  /** Whether a plan that was kept is still to be trusted. */
  trusts(plan: AgentPlan): boolean {
    return verifyPlan(plan, this.#trust()).kind === "good";
  }

  /** A message that cannot be read. */
  refuseUnreadable({ source, problems }: InvalidInputError): void {
    this.#refuse("MESSAGE", undefined, `${source}: ${problems.join("; ")}`);
  }

  #trust() {
    const { agent, allowUnsigned, keyring } = this.parts;
    return { agent, allowUnsigned, keys: keyring.keys };
  }

  /** Verifies, if need be once more with the keys that a new pairing may have left. */
  #verified(verify: () => ReturnType<typeof verifyPlan>): ReturnType<typeof verifyPlan> {
    const { keyring, clock, onKeysChanged } = this.parts;
    let found = verify();
    const mayHelp = found.kind === "refused" && found.isKeyMissing;
    if (mayHelp && keyring.refresh(clock.monoMs())) {
      found = verify();
      onKeysChanged();
    }
    if (found.kind === "good" && found.keyHex !== undefined && keyring.used(found.keyHex)) onKeysChanged();
    return found;
  }

  #reject(command: AgentCommand, reason: string, isOnlyItsTime = false): undefined {
    const limit = isOnlyItsTime ? this.#lateRefusals : this.#refusals;
    if (!this.#refuse("COMMAND", command.id, reason, limit)) return;
    const { time, reject } = this.parts;
    reject(command, reason, isOnlyItsTime ? this.#challenges.make(command.id, time.uptimeMs()) : undefined);
  }

  /** @returns whether it was logged, and is to be answered: whoever floods us gets a few answers, not all */
  #refuse(
    what: "COMMAND" | "PLAN" | "MESSAGE",
    id: string | undefined,
    reason: string,
    limit = this.#refusals,
  ): boolean {
    const passed = limit.take(this.parts.clock.monoMs());
    if (!passed) return false;
    this.parts.log.warn(`${what} REFUSED`, { id, reason, refused_silently: passed.dropped || undefined });
    return true;
  }
}
