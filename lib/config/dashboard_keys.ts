/** The keys of the dashboard, checked together: off the loopback it needs a password. Pure. */
import { isThisMachine } from "../this_machine.ts";
import { shownValue } from "./shown_value.ts";
import type { KeyReading } from "./read_keys.ts";

/** Where the dashboard listens and who may see what. */
export interface DashboardSettings {
  /** An IP address of this machine, without brackets. */
  readonly host: string;
  /** 0 to 65535; 0: any free one. */
  readonly port: number;
  /** Lower-case names, besides localhost and IP addresses, that a browser may have in its address line. */
  readonly names: readonly string[];
  /** Whoever reaches it may look; else a log-in comes first. */
  readonly readsWithoutLogin: boolean;
  /** Where the password's hash is, or will be. */
  readonly passwordFile: string;
  /** What a machine shows to read `/metrics`; absent: whoever may look may read it. A secret. */
  readonly metricsToken?: string;
  /** PEM texts; absent: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Where the hash of the dashboard's password is kept. */
export function dashboardPasswordFile(stateDir: string): string {
  return `${stateDir}/dashboard/password`;
}

/** What the reader is given besides the keys. */
export interface DashboardSources {
  readonly stateDir: string;
  readonly exists: (path: string) => boolean;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** The settings, or undefined when there is no dashboard; adds to `problems`. */
export function readDashboard(
  { values }: KeyReading,
  problems: string[],
  { stateDir, exists, cert, key }: DashboardSources,
): DashboardSettings | undefined {
  const listen = values.DASHBOARD_LISTEN;
  const names = values.DASHBOARD_HOSTS;
  if ((cert === undefined) !== (key === undefined)) {
    problems.push("DASHBOARD_CERT_FILE and DASHBOARD_KEY_FILE must be given together, found only one");
  }
  if (listen === undefined) {
    if (values.DASHBOARD_METRICS_TOKEN !== undefined) {
      problems.push("DASHBOARD_METRICS_TOKEN must come with DASHBOARD_LISTEN, found it alone");
    }
    if (names !== undefined) problems.push("DASHBOARD_HOSTS must come with DASHBOARD_LISTEN, found it alone");
    if (cert !== undefined) {
      problems.push("DASHBOARD_CERT_FILE must come with DASHBOARD_LISTEN, found it alone");
    }
    return undefined;
  }
  const colon = listen.lastIndexOf(":");
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, "");
  const port = Number(listen.slice(colon + 1));
  if (port > 65_535 || host.split(".").some((part) => Number(part) > 255)) {
    problems.push(
      `DASHBOARD_LISTEN must be an IP address of this machine with a port up to 65535, found ${
        shownValue(listen)
      }`,
    );
  }
  const passwordFile = dashboardPasswordFile(stateDir);
  if (!isThisMachine(host) && !exists(passwordFile)) {
    problems.push(
      `DASHBOARD_LISTEN "${listen}" can be reached from other machines and needs a password, found none: ` +
        `run "ecoflow-power dashboard password", or listen on 127.0.0.1`,
    );
  }
  return {
    host,
    port,
    names: names?.toLowerCase().split(",") ?? [],
    readsWithoutLogin: values.DASHBOARD_READ_WITHOUT_LOGIN,
    passwordFile,
    metricsToken: values.DASHBOARD_METRICS_TOKEN,
    tls: cert !== undefined && key !== undefined ? { cert, key } : undefined,
  };
}
