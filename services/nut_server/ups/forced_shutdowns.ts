/**
 * Who is being forced to shut down: one latch a scope, moved by the policy, by commands and by what clients are shown.
 * Keeps the latches; the rules are in `latch.ts` and `scopes.ts`.
 */
import type { NutHouse, NutUps, NutUser } from "../access/nut_house.ts";
import { type Latch, LATCH_OFF, type LatchInput, stepLatch } from "./latch.ts";
import { latchOutcomes, type Outcome } from "./outcomes.ts";
import { devicesOf, namedCommand, policyWants, type Scope, scopeKey, scopesOf } from "../access/scopes.ts";
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";

/** See the file comment. Times are monotonic milliseconds. */
export class ForcedShutdowns {
  readonly #scopes: ReadonlyMap<string, Scope>;
  readonly #latches = new Map<string, Latch>();

  /** @param holdMs See `latch.ts` */
  constructor(house: Pick<NutHouse, "users" | "upses">, private readonly holdMs: number) {
    this.#scopes = scopesOf(house);
  }

  /** Hosts of the policy that have a scope of their own. */
  get hosts(): readonly string[] {
    return [...this.#scopes.values()].flatMap((scope) => scope.kind === "host" ? [scope.host] : []);
  }

  /** The stations whose policy can shut a host down. */
  devicesOfHost(host: string): readonly string[] {
    const scope = this.#scopes.get(hostKey(host));
    return scope ? devicesOf(scope) : [];
  }

  /** The host that an account on a UPS is; undefined when the UPS is for a stage or a whole station. */
  hostFor(ups: NutUps, user: NutUser): string | undefined {
    const scope = this.#scopes.get(scopeKey(ups, user));
    return scope?.kind === "host" ? scope.host : undefined;
  }

  /** The latch that a UPS shows to an account, or to somebody who is not logged in. */
  latchFor(ups: NutUps, user: NutUser | undefined): Latch {
    return this.#latch(scopeKey(ups, user));
  }

  /** The latch of a host. */
  latchOfHost(host: string): Latch {
    return this.#latch(hostKey(host));
  }

  /** Something happened to a session of the account on the UPS. */
  step(ups: NutUps, user: NutUser, input: LatchInput, nowMonoMs: number): readonly Outcome[] {
    return this.#step(scopeKey(ups, user), input, nowMonoMs);
  }

  /** A command or an abort for a host; nothing for a host that is not ours. */
  stepHost(host: string, input: LatchInput, nowMonoMs: number): readonly Outcome[] {
    return this.#step(hostKey(host), input, nowMonoMs);
  }

  /**
   * The policy has spoken, or has fallen silent, about a station.
   *
   * @param statusOf The believed status of a station, if there is one
   * @param heardOf The last one that was heard, believed or not
   * @param isSettled See `policyWants`
   * @param isOver In the policy's view the outage has just ended
   */
  applyPolicy(
    device: string,
    { statusOf, heardOf, isOver, isSettled, nowMonoMs }: {
      readonly statusOf: (device: string) => PolicyStatus | undefined;
      readonly heardOf: (device: string) => PolicyStatus | undefined;
      readonly isSettled: boolean;
      readonly isOver: boolean;
      readonly nowMonoMs: number;
    },
  ): readonly Outcome[] {
    return [...this.#scopes.values()].filter((scope) => devicesOf(scope).includes(device)).flatMap(
      (scope) => {
        const statuses = devicesOf(scope).flatMap((name) => statusOf(name) ?? []);
        const heard = devicesOf(scope).flatMap((name) => heardOf(name) ?? []);
        return this.#step(
          scope.key,
          {
            kind: "policy",
            wants: policyWants(scope, statuses, heard, isSettled),
            isOver,
            named: namedCommand(scope, statuses),
          },
          nowMonoMs,
        );
      },
    );
  }

  /** Lets holds and commands end. */
  tick(nowMonoMs: number): readonly Outcome[] {
    return [...this.#latches.keys()].flatMap((key) => this.#step(key, { kind: "tick" }, nowMonoMs));
  }

  #step(key: string, input: LatchInput, nowMonoMs: number): readonly Outcome[] {
    const scope = this.#scopes.get(key);
    if (!scope) return [];
    const { latch, effects } = stepLatch(this.#latch(key), input, { nowMonoMs, holdMs: this.holdMs });
    if (latch === LATCH_OFF) this.#latches.delete(key);
    else this.#latches.set(key, latch);
    return effects.flatMap((effect) => latchOutcomes(scope, effect));
  }

  #latch(key: string): Latch {
    return this.#latches.get(key) ?? LATCH_OFF;
  }
}

function hostKey(host: string): string {
  return `host ${host}`;
}
