/** What is odd between the NUT configuration and what the policy says. Pure. */
import type { HostCondition } from "../../lib/health.ts";
import type { PolicyStatus } from "../../lib/messages/policy_status.ts";
import type { NutServerConfig } from "./slice.ts";
import { devicesOf, isNamed, scopesOf } from "./access/scopes.ts";

/** A condition that may hold; `text` is absent when it does not. */
export interface ConfigWarning {
  readonly code: string;
  readonly text?: string;
  /** The hosts that it is about; absent: it is about none alone. */
  readonly hosts?: readonly HostCondition[];
}

/** Looks at every station that the policy has spoken of. */
export function configWarnings(
  config: Pick<NutServerConfig, "users" | "upses" | "lowBatteryPercent">,
  policyOf: (device: string) => PolicyStatus | undefined,
): readonly ConfigWarning[] {
  const unnamed: string[] = [];
  for (const scope of scopesOf(config).values()) {
    if (scope.kind !== "host") continue;
    const statuses = devicesOf(scope).flatMap((device) => policyOf(device) ?? []);
    if (statuses.length > 0 && !isNamed(scope.host, statuses)) unnamed.push(scope.host);
  }
  const early = [...new Set(config.upses.map(({ device }) => device))].flatMap((device) => {
    const limit = policyOf(device)?.soc_min;
    return limit !== undefined && limit > 0 && limit <= config.lowBatteryPercent
      ? [`${device} (${limit} %)`]
      : [];
  });
  return [
    {
      code: "nut_host_unknown_to_policy",
      ...(unnamed.length > 0
        ? {
          text:
            `The policy knows no host ${
              unnamed.join(", ")
            }: name it in DEVICE_TO_AGENTS_JSON; until then it goes ` +
            "down with the station's first host, and nobody can tell that it is down",
        }
        : {}),
    },
    {
      code: "nut_last_resort_too_high",
      ...(early.length > 0
        ? {
          text: `NUT clients shut down by themselves at ${config.lowBatteryPercent} %, ` +
            `which is not below the policy's limit for ${early.join(", ")}`,
        }
        : {}),
    },
  ];
}
