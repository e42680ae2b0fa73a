/** Two services of the daemon that want one port: one of them could never listen. Pure. */
import type { HouseConfig } from "../house_config.ts";

/** Adds a problem for each pair. */
export function refuseSharedPorts(
  { broker, embeddedPort, nut, dashboard }: Pick<
    HouseConfig,
    "broker" | "embeddedPort" | "nut" | "dashboard"
  >,
  problems: string[],
): void {
  const wanted = [
    ...(broker ? [] : [{ key: "MQTT_EMBEDDED_PORT", host: "127.0.0.1", port: embeddedPort }]),
    ...(nut ? [{ key: "NUT_PORT", host: nut.listenHost, port: nut.port }] : []),
    ...(dashboard ? [{ key: "DASHBOARD_LISTEN", host: dashboard.host, port: dashboard.port }] : []),
  ];
  for (const [at, one] of wanted.entries()) {
    const other = wanted.slice(0, at).find(({ host, port }) =>
      port === one.port && (host === one.host || [host, one.host].some(isEveryAddress))
    );
    // 0 is any free port.
    if (other && one.port !== 0) {
      problems.push(
        `${other.key} and ${one.key} must not be the same port, found ${one.port} for both: give one of them another`,
      );
    }
  }
}

function isEveryAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
