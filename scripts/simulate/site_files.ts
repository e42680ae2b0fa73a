/** The files of a simulated house. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dashboardPasswordFile } from "../../lib/config/dashboard_keys.ts";
import { hashPassword } from "../../services/dashboard/password.ts";

/** The keys of a dashboard for everybody to look at, and its password's file; none without a dashboard. */
export async function dashboardKeys(
  stateDir: string,
  dashboard: { readonly listen: string; readonly password: string } | undefined,
): Promise<Record<string, string>> {
  if (!dashboard) return {};
  mkdirSync(join(stateDir, "dashboard"), { mode: 0o700 });
  writeFileSync(dashboardPasswordFile(stateDir), await hashPassword(dashboard.password), { mode: 0o600 });
  return { DASHBOARD_LISTEN: dashboard.listen, DASHBOARD_READ_WITHOUT_LOGIN: "on" };
}

/** @returns the path of the policy file with this text */
export function writePolicy(dir: string, text: string): string {
  const path = join(dir, "policy.toml");
  writeFileSync(path, text);
  return path;
}

/** @returns the path of the env file with these values */
export function writeEnv(path: string, values: Readonly<Record<string, string>>): string {
  const lines = Object.entries(values).map(([key, value]) => `${key}='${value}'\n`);
  writeFileSync(path, lines.join(""), { mode: 0o600 });
  return path;
}
