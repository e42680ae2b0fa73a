/** Reads the MQTT address and credentials that both APIs hand out, and checks whom we are sent to. Pure. */
import * as v from "valibot";
import { textUpTo } from "../../../lib/messages/parse.ts";
import { CloudFault } from "./faults.ts";
import { type Envelope, readData } from "./http.ts";

/** Where to connect, and as whom. */
export interface BrokerAccess {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

const word = v.pipe(textUpTo(200), v.regex(/^[^\s+#/]+$/, 'must be one word without "+", "#" and "/"'));

const schema = v.object({
  url: textUpTo(253),
  port: v.union([textUpTo(5), v.number()]),
  protocol: textUpTo(20),
  certificateAccount: word,
  certificatePassword: v.pipe(v.string(), v.minLength(1), v.maxLength(500)),
});

/**
 * Reads a certification.
 *
 * @param allowed Hosts that may be named: `host`, `host:port`, `*.domain`
 * @param url The address that answered, for the fault's text
 * @throws CloudFault `unreadable_reply` or `broker_forbidden`
 */
export function readCertification(envelope: Envelope, allowed: readonly string[], url: string): BrokerAccess {
  const data = readData(schema, envelope, url);
  const host = data.url.toLowerCase();
  const port = Number(data.port);
  const named = `${JSON.stringify(data.protocol)} at ${JSON.stringify(`${data.url}:${data.port}`)}`;
  const isAddress = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host) && Number.isInteger(port) && port > 0 &&
    port < 65_536;
  if (data.protocol !== "mqtts" || !isAddress) {
    throw new CloudFault("broker_forbidden", `must be "mqtts" with a host and a port, found ${named}`);
  }
  if (!allowed.some((pattern) => allows(pattern, host, port))) {
    throw new CloudFault("broker_forbidden", `must be one of ${allowed.join(", ")}, found ${named}`);
  }
  return { host, port, username: data.certificateAccount, password: data.certificatePassword };
}

/** True when a pattern of ECOFLOW_BROKER_HOSTS allows this broker; one without a port allows every port. */
export function allows(pattern: string, host: string, port: number): boolean {
  const [name = "", patternPort] = pattern.toLowerCase().split(":");
  if (patternPort !== undefined && Number(patternPort) !== port) return false;
  return name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name;
}
