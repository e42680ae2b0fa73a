/**
 * The house as Prometheus reads it: docs/metrics.md. What is not known, or not live, has no series: a gap is a gap, never 0.
 * The library is loaded when somebody asks for the first time: who does not measure does not pay for it.
 */
import type { Registry } from "prom-client";
import type { House } from "./house.ts";
import { healthReport, NOW } from "./health_report.ts";
import type { HouseView, StationView } from "../page_contract.ts";
import { freshnessOf, isPolicyLive } from "../shown/freshness.ts";

/** What a scrape is made of. */
export interface MetricsInput {
  readonly view: HouseView;
  readonly house: House;
  /** How many events there were since the start, by kind and severity. */
  readonly events: readonly { readonly kind: string; readonly severity: string; readonly count: number }[];
}

/** One gauge or counter: its name without the prefix, what it means, its labels. */
export interface MetricSpec {
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every metric there is, by name. */
export const METRICS = {
  info: { type: "gauge", help: "Always 1; the version is a label.", labels: ["version"] },
  healthy: {
    type: "gauge",
    help: "1 when the house is protected now, else 0; the same as /health.",
    labels: [],
  },
  broker_up: { type: "gauge", help: "1 when the broker in the house is reachable.", labels: [] },
  cloud_up: {
    type: "gauge",
    help: "1 when EcoFlow's cloud is connected; absent when it is off.",
    labels: [],
  },
  service_ready: { type: "gauge", help: "1 when the service is ready.", labels: ["service"] },
  service_restarts_total: { type: "counter", help: "Restarts of the service.", labels: ["service"] },
  events_total: {
    type: "counter",
    help: "Events of the journal since the start.",
    labels: ["kind", "severity"],
  },
  station_live: { type: "gauge", help: "1 when the station's values are live, else 0.", labels: ["station"] },
  state_age_seconds: { type: "gauge", help: "Age of the station's newest reading.", labels: ["station"] },
  charge_percent: { type: "gauge", help: "State of charge.", labels: ["station"] },
  grid_connected: {
    type: "gauge",
    help: "1 with the grid, 0 without; absent when not known.",
    labels: ["station"],
  },
  source: {
    type: "gauge",
    help: "1 for the source of grid and charge of a station with a cable: cloud or nut.",
    labels: ["station", "quantity", "source"],
  },
  sources_disagree: {
    type: "gauge",
    help: "1 while the cloud contradicts the cable on the grid, else 0; absent without a cable.",
    labels: ["station"],
  },
  ac_input_watts: { type: "gauge", help: "Power at the AC input.", labels: ["station"] },
  ac_input_volts: { type: "gauge", help: "Voltage at the AC input.", labels: ["station"] },
  dc_input_watts: { type: "gauge", help: "Solar or car input.", labels: ["station"] },
  output_watts: { type: "gauge", help: "Power of all outputs.", labels: ["station"] },
  battery_temperature_celsius: { type: "gauge", help: "Hottest cell.", labels: ["station"] },
  battery_capacity_joules: { type: "gauge", help: "Energy when full; 3600 J are 1 Wh.", labels: ["station"] },
  discharge_remaining_seconds: {
    type: "gauge",
    help: "Time to empty, as the station says.",
    labels: ["station"],
  },
  charge_remaining_seconds: {
    type: "gauge",
    help: "Time to full, as the station says.",
    labels: ["station"],
  },
  policy_state: { type: "gauge", help: "1 for the policy's present state.", labels: ["station", "state"] },
  policy_blind: { type: "gauge", help: "1 when the policy has no fresh reading.", labels: ["station"] },
  policy_timer_seconds: {
    type: "gauge",
    help: "Left of the running timer; absent: none runs.",
    labels: ["station"],
  },
  host_online: { type: "gauge", help: "1 when the host's agent is connected.", labels: ["host"] },
  host_last_drill_timestamp_seconds: {
    type: "gauge",
    help: "When the host last took part in a drill.",
    labels: ["host"],
  },
} as const satisfies Record<string, MetricSpec>;

/** The name of a metric, without the prefix. */
export type MetricName = keyof typeof METRICS;

/** In front of every name. */
export const PREFIX = "ecoflow_power_";

/** One value; absent: no series. */
export interface MetricValue {
  readonly name: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | undefined;
}

/** Every series there is now. */
export function metricValues({ view, house, events }: MetricsInput): MetricValue[] {
  const flag = (value: boolean | undefined) => value === undefined ? undefined : Number(value);
  const one = (
    name: MetricName,
    value: number | undefined,
    labels: Readonly<Record<string, string>> = {},
  ): MetricValue => ({ name, labels, value });
  const isOnline = view.is_broker_up && view.daemon?.is_online === true;
  const services = isOnline ? Object.entries(house.daemon?.value.services ?? {}) : [];
  const cloud = isOnline && view.cloud?.link !== "off" ? view.cloud?.link : undefined;
  return [
    one("info", view.daemon?.version === undefined ? undefined : 1, { version: view.daemon?.version ?? "" }),
    one("healthy", flag(healthReport(view, house).isHealthy)),
    one("broker_up", flag(view.is_broker_up)),
    one("cloud_up", cloud === undefined ? undefined : flag(cloud === "up")),
    ...services.flatMap(([service, { state, restarts }]) => [
      one("service_ready", flag(state === "ready"), { service }),
      one("service_restarts_total", restarts, { service }),
    ]),
    ...events.map(({ kind, severity, count }) => one("events_total", count, { kind, severity })),
    ...view.stations.flatMap((station) => stationValues(station, view)),
    ...(view.is_broker_up
      ? [...house.agents].map(([host, { value, isAgeless }]) =>
        one("host_online", isAgeless ? undefined : flag(value.online), { host })
      )
      : []),
    ...view.stations.flatMap(({ hosts }) => hosts).map(({ agent, last_drill }) =>
      one("host_last_drill_timestamp_seconds", last_drill && Date.parse(last_drill.at) / 1000, {
        host: agent,
      })
    ),
  ];
}

function stationValues(station: StationView, view: HouseView): MetricValue[] {
  const labels = { station: station.device };
  const { policy, soc, grid } = station;
  const isLive = (value: { readonly age_s?: number } | undefined) =>
    freshnessOf(value, view, station, NOW) === "live";
  const all = isLive(station);
  const live = (name: MetricName, value: number | undefined, factor = 1): MetricValue => ({
    name,
    labels,
    value: all && value !== undefined ? value * factor : undefined,
  });
  const isTold = isPolicyLive(view, station, NOW);
  return [
    { name: "station_live", labels, value: Number(all) },
    { name: "state_age_seconds", labels, value: station.age_s },
    { name: "charge_percent", labels, value: isLive(soc) ? soc?.percent : undefined },
    { name: "grid_connected", labels, value: isLive(grid) && grid ? Number(grid.connected) : undefined },
    ...sourceValues(station, isLive(grid), isLive(soc)),
    live("ac_input_watts", station.ac_in_watts),
    live("ac_input_volts", station.ac_in_volts),
    live("dc_input_watts", station.dc_in_watts),
    live("output_watts", station.out_watts),
    live("battery_temperature_celsius", station.temp_celsius),
    live("battery_capacity_joules", station.battery_wh, 3600),
    live("discharge_remaining_seconds", station.discharge_min, 60),
    live("charge_remaining_seconds", station.charge_min, 60),
    ...(policy && isTold
      ? [
        { name: "policy_state" as const, labels: { ...labels, state: policy.state }, value: 1 },
        { name: "policy_blind" as const, labels, value: Number(policy.is_blind) },
        { name: "policy_timer_seconds" as const, labels, value: policy.timer_left_s },
      ]
      : []),
  ];
}

/** Who tells a live value; nothing for a station without a cable. */
function sourceValues(
  { device: station, sources, is_disputed }: StationView,
  isGridLive: boolean,
  isChargeLive: boolean,
): MetricValue[] {
  const of = (quantity: string, source: string | undefined) =>
    source === undefined
      ? []
      : [{ name: "source" as const, labels: { station, quantity, source }, value: 1 }];
  if (!sources) return [];
  return [
    ...(isGridLive ? of("grid", sources.grid) : []),
    ...(isChargeLive ? of("charge", sources.charge) : []),
    { name: "sources_disagree" as const, labels: { station }, value: Number(is_disputed === true) },
  ];
}

/** The text of a scrape, in Prometheus's format. */
export async function metricsText(input: MetricsInput): Promise<{ text: string; contentType: string }> {
  const { Registry, Gauge, Counter } = await import("prom-client");
  const registry: Registry = new Registry();
  const values = metricValues(input);
  for (const [name, { type, help, labels }] of Object.entries(METRICS) as [MetricName, MetricSpec][]) {
    const own = values.filter((one) => one.name === name && one.value !== undefined);
    if (own.length === 0) continue;
    const options = { name: PREFIX + name, help, labelNames: [...labels], registers: [registry] };
    if (type === "gauge") {
      const gauge = new Gauge(options);
      for (const { labels, value = 0 } of own) gauge.set(labels, value);
    } else {
      const counter = new Counter(options);
      for (const { labels, value = 0 } of own) counter.inc(labels, value);
    }
  }
  return { text: await registry.metrics(), contentType: registry.contentType };
}
