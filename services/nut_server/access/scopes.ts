/** Who is meant by a forced shutdown: one host, one stage, or a station as a whole; and whether the policy wants it. Pure. */
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { NutHouse, NutUps, NutUser } from "./nut_house.ts";
import { hostOf, mayLogin } from "./users.ts";

/** What one latch is for. */
export type Scope =
  | {
    readonly kind: "host";
    readonly key: string;
    readonly host: string;
    readonly devices: readonly string[];
  }
  | { readonly kind: "stage"; readonly key: string; readonly device: string; readonly stage: number }
  | { readonly kind: "station"; readonly key: string; readonly device: string };

/** The key of the scope that a UPS has for whoever asks: `user` is the account that it is logged in with, if any. */
export function scopeKey(ups: NutUps, user: NutUser | undefined): string {
  const host = user ? hostOf(user, ups) : ups.host;
  if (host !== undefined) return `host ${host}`;
  return ups.stage === undefined ? `station ${ups.device}` : `stage ${ups.stage} of ${ups.device}`;
}

/** Every scope that can come up in a house, by key. */
export function scopesOf({ users, upses }: Pick<NutHouse, "users" | "upses">): ReadonlyMap<string, Scope> {
  const scopes = new Map<string, Scope>();
  for (const ups of upses) {
    const { device, stage } = ups;
    for (const user of [undefined, ...users.filter((account) => mayLogin(account, ups))]) {
      const key = scopeKey(ups, user);
      const host = user ? hostOf(user, ups) : ups.host;
      if (host !== undefined) {
        const known = scopes.get(key);
        const devices = new Set([...(known?.kind === "host" ? known.devices : []), device]);
        scopes.set(key, { kind: "host", key, host, devices: [...devices] });
      } else if (stage === undefined) scopes.set(key, { kind: "station", key, device });
      else scopes.set(key, { kind: "stage", key, device, stage });
    }
  }
  return scopes;
}

/** How long each host may still run after its client left, ms: the longest of the users that it may log in as; only hosts that have one. */
export function downAfterMsByHost(
  { users, upses }: Pick<NutHouse, "users" | "upses">,
): ReadonlyMap<string, number> {
  const longest = new Map<string, number>();
  for (const ups of upses) {
    for (const user of users.filter((account) => mayLogin(account, ups))) {
      const host = hostOf(user, ups);
      if (host === undefined || user.downAfterSec === undefined) continue;
      longest.set(host, Math.max(longest.get(host) ?? 0, user.downAfterSec * 1000));
    }
  }
  return longest;
}

/** The stations whose policy can shut a scope down. */
export function devicesOf(scope: Scope): readonly string[] {
  return scope.kind === "host" ? scope.devices : [scope.device];
}

/** States of a host in which it shall go, or stay, down. A host of ours is told here, whatever the broker takes. */
const GOING_DOWN: readonly string[] = ["sending", "told", "accepted", "shutting_down", "down"];

/**
 * Whether the policy wants the scope down.
 *
 * A host that no status names is not forgotten: it goes down with its stations as a whole, because nobody else would
 * ever tell it. A host on two stations goes down when one of them names it as told: the policy has weighed both.
 *
 * @param statuses The believed statuses of the scope's stations
 * @param heard Every status that was heard of them, those from before too: they may name a host
 * @param isSettled Every station has had time to be heard; before, "no status names it" says nothing
 */
export function policyWants(
  scope: Scope,
  statuses: readonly PolicyStatus[],
  heard: readonly PolicyStatus[] = statuses,
  isSettled = true,
): boolean {
  const shutting = statuses.filter(({ state }) => state === "shutting_down");
  switch (scope.kind) {
    case "station":
      return shutting.length > 0;
    case "stage":
      return shutting.some(({ hosts = [] }) =>
        hosts.every(({ stage }) => stage === undefined) ||
        hosts.some(({ stage = 0, state }) => stage >= scope.stage && GOING_DOWN.includes(state))
      );
    case "host":
      if (!isNamed(scope.host, [...statuses, ...heard])) {
        return isSettled && statuses.length > 0 && shutting.length === statuses.length;
      }
      return shutting.some(({ hosts = [] }) =>
        hosts.some(({ agent, state }) => agent === scope.host && GOING_DOWN.includes(state))
      );
  }
}

/** The command that counts for a host in the policy's view, and whether the policy has its answer. */
export function namedCommand(
  scope: Scope,
  statuses: readonly PolicyStatus[],
): { readonly id: string; readonly isAnswered: boolean } | undefined {
  if (scope.kind !== "host") return undefined;
  for (const { agent, state, command_id: id } of statuses.flatMap(({ hosts = [] }) => hosts)) {
    if (agent === scope.host && id !== undefined && GOING_DOWN.includes(state)) {
      return { id, isAnswered: state !== "told" && state !== "sending" };
    }
  }
}

/** Whether any status lists the host. */
export function isNamed(host: string, statuses: readonly PolicyStatus[]): boolean {
  return statuses.some(({ hosts = [] }) => hosts.some(({ agent }) => agent === host));
}
