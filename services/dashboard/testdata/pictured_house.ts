/** The states of a house that the page must show rightly, fed by hand to a real dashboard and a real historian. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHealth } from "../../../lib/health.ts";
import { DEFAULT_ROOTS } from "../../../lib/mqtt/topics.ts";
import { Historian } from "../../historian/service.ts";
import type { withDashboard } from "./test_dashboard.ts";

/** A dashboard on a memory broker. */
export type TestHouse = Parameters<Parameters<typeof withDashboard>[0]>[0];

/** What is told of a station; what differs from a calm day. */
export interface Told {
  readonly state?: object;
  readonly policy?: object;
}

/** A station on the grid, charging. */
export const CALM = {
  soc: 71,
  grid_connected: true,
  grid_evidence: "flow_info_ac_in=2",
  link: "live",
  ac_in_watts: 254,
  out_watts: 87,
  dc_in_watts: 0,
  ac_in_volts: 231,
  temp_celsius: 29,
  charge_min: 98,
  battery_wh: 1024,
  min_soc: 5,
  model: "DELTA 2",
};
/** Without the grid. */
export const OUT = {
  ...CALM,
  soc: 34,
  grid_connected: false,
  grid_evidence: "flow_info_ac_in=0",
  ac_in_watts: 0,
  ac_in_volts: 0,
  charge_min: undefined,
  discharge_min: 186,
};

/** Says that the daemon runs, and what of the cloud. */
export function feedDaemon({ broker, clock, topics }: TestHouse, cloud?: object): void {
  const ts = new Date(clock.wallMs()).toISOString();
  const services = { policy_engine: { state: "ready", restarts: 0, problems: [] } };
  const say = (topic: string, value: object) =>
    broker.publish(topic, JSON.stringify(value), { retain: true });
  say(topics.orchestratorStatus, { online: true, version: "0.9.0", services, ts });
  if (cloud) say(topics.cloudStatus, { detail: "subscribed", ...cloud, ts });
}

/** Says how a station is. */
export function feedStation(
  { broker, clock, topics }: TestHouse,
  device: string,
  { state, policy }: Told,
): void {
  const ts = new Date(clock.wallMs()).toISOString();
  const hosts = [
    { agent: `${device.toLowerCase()}-pc`, state: "online" },
    {
      agent: "nas",
      state: "offline",
      detail: "never logged in; command 5f0c9a52-9a3b-4c58-8f9e-0a9be7b7a111",
    },
  ];
  const calm = {
    state: "online",
    sentence: "The grid is there, 71 %.",
    blind: false,
    soc: 71,
    soc_min: 10,
    hosts,
  };
  if (state) broker.publish(topics.state(device), JSON.stringify({ device, ...state, ts }));
  if (policy) broker.publish(topics.policy(device), JSON.stringify({ device, ...calm, ...policy, ts }));
}

/** Writes an event into the journal. */
export function feedEvent(
  { broker, clock, topics }: TestHouse,
  kind: string,
  severity: string,
  text: string,
): void {
  const ts = new Date(clock.wallMs()).toISOString();
  const event = { ts, kind, severity, source: "policy_engine", device: "Study", text };
  broker.publish(topics.events, JSON.stringify(event));
}

/** Starts a historian beside the dashboard, and lets it see some days of a station. @returns what ends it */
export async function rememberDays(house: TestHouse, days: number): Promise<() => Promise<void>> {
  const { broker, clock, topics } = house;
  const stateDir = mkdtempSync(join(tmpdir(), "ecoflow-pictures-"));
  const historian = new Historian({
    ...house,
    name: "historian",
    health: createHealth(),
    config: { roots: DEFAULT_ROOTS, stateDir, staleAfterSec: 120, days: 730 },
    bus: broker.bus({
      service: "historian",
      publishes: [topics.historyAnswer("+"), topics.events],
      subscribes: [topics.state("+"), topics.events, topics.historyQuery],
    }),
  });
  await historian.start();
  const STEP_MS = 30_000;
  const beginMs = clock.wallMs();
  let soc = 90;
  for (let at = 0; at < days * 86_400_000; at += STEP_MS) {
    const hour = new Date(beginMs + at).getUTCHours();
    // Nobody looks in the fourth hour; the grid is away in the eighth and ninth.
    const isOut = hour === 8 || hour === 9;
    const load = 70 + 40 * Math.sin(hour / 3);
    soc = Math.min(
      100,
      Math.max(5, soc + (isOut ? -load : soc < 100 ? 120 : 0) / 1024 * 100 * STEP_MS / 3_600_000),
    );
    if (hour !== 4) {
      const state = { ...(isOut ? OUT : CALM), soc, out_watts: Math.round(load) };
      const sun = isOut ? 25 : hour >= 10 && hour < 16 ? 60 : 0;
      const input = isOut ? 0 : Math.max(0, Math.round(load) + (soc < 100 ? 130 : 6) - sun);
      feedStation(house, "Study", { state: { ...state, ac_in_watts: input, dc_in_watts: sun } });
    }
    await clock.advance(STEP_MS);
  }
  return async () => {
    await historian.stop();
    rmSync(stateDir, { recursive: true });
  };
}
