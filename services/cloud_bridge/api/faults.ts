/** What can go wrong with the cloud, each with a name, a sentence for the operator and a patience. Pure. */
import type { BackoffOptions } from "../../../lib/time/backoff.ts";
import type { CloudStatus } from "../../../lib/messages/cloud_status.ts";

const SEC = 1000;
const MIN = 60 * SEC;
const HOUR = 60 * MIN;

/** How one kind of fault is shown and answered. */
export interface FaultRule {
  /** Name of the health condition. */
  readonly code: string;
  /** What the cloud status says while it lasts. */
  readonly link: Extract<CloudStatus["link"], "down" | "refused">;
  /** What it means and what to do, one sentence. */
  readonly advice: string;
  /** Waits before the next try. */
  readonly retry: BackoffOptions;
  /** True: the next try begins with a log-in; false: with the credentials at hand, when there are any. */
  readonly renews: boolean;
  /** True: the next log-in begins with another API host. */
  readonly triesNextHost?: boolean;
}

/**
 * The patience with each fault. EcoFlow tolerates neither quick log-ins ("Server is too busy") nor many client ids
 * (about ten a day; ours never changes), and two connections with one id kick each other out for ever.
 *
 * | fault                  | waits                           | log-in before the next try        |
 * | ---------------------- | ------------------------------- | --------------------------------- |
 * | `network`              | 5 s doubling to 2 min           | after 5, then every 30 in a row   |
 * | `tls`                  | 1 min doubling to 10 min        | after 5, then every 30 in a row   |
 * | `server`               | 30 s doubling to 10 min         | after 5, then every 30 in a row   |
 * | `dropped`              | 1 s doubling to 1 min           | no                                |
 * | `hung_up_on_station`   | 1 s doubling to 1 min           | no                                |
 * | `silent`               | 1 s (its patience: session.ts)  | after 3 in a row, once            |
 * | `kicked_out`           | 5 min doubling to 30 min        | no                                |
 * | `closed_early`         | 10 s tripling to 30 min         | yes, at the next API host         |
 * | `hung_up`              | 5 s doubling to 2 min           | after 5, then every 30 in a row   |
 * | `not_authorised`       | 10 s, 100 s, 17 min, 1 h        | yes                               |
 * | `client_id_refused`    | 30 min doubling to 6 h          | no                                |
 * | `rate_limited`         | 15 min doubling to 2 h          | yes                               |
 * | `credentials_refused`  | 5 min tripling to 2 h           | yes, at each API host             |
 * | `key_refused`          | 5 min tripling to 2 h           | yes, at each API host             |
 * | `signature_refused`    | 5 min tripling to 2 h           | yes, at each API host             |
 * | `api_refused`          | 1 min tripling to 1 h           | yes                               |
 * | `unreadable_reply`     | 1 min tripling to 2 h           | yes, at each API host             |
 * | `broker_forbidden`     | 10 min doubling to 1 h          | yes                               |
 * | `no_stations`          | 5 min doubling to 1 h           | yes                               |
 * | `paused`               | until the log-in budget allows  | yes                               |
 *
 * A hang-up before the CONNACK means another region (`closed_early`) only at a broker that has never accepted us. One that
 * has is in trouble or behind a flaky line (`hung_up`), as in an outage: the house must not stay blind for longer than the
 * line does.
 *
 * Waits vary by 20 % and begin anew only after a connection that lasted a minute. Above all stands the log-in budget
 * (`login_budget.ts`): at most 20 answered log-in requests an hour and 100 a day, restarts included.
 */
export const FAULTS = {
  network: {
    code: "cloud_unreachable",
    link: "down",
    advice: "EcoFlow's cloud cannot be reached: check the internet connection and DNS",
    retry: { firstMs: 5 * SEC, maxMs: 2 * MIN },
    renews: false,
  },
  tls: {
    code: "cloud_certificate",
    link: "down",
    advice:
      "The cloud's certificate cannot be verified: check this machine's clock, and ECOFLOW_CA_FILE if it is set",
    retry: { firstMs: 1 * MIN, maxMs: 10 * MIN },
    renews: false,
  },
  server: {
    code: "cloud_server_error",
    link: "down",
    advice: "EcoFlow's server reports a fault of its own: wait",
    retry: { firstMs: 30 * SEC, maxMs: 10 * MIN },
    renews: false,
  },
  dropped: {
    code: "cloud_unreachable",
    link: "down",
    advice: "The connection to EcoFlow's broker was lost",
    retry: { firstMs: 1 * SEC, maxMs: 1 * MIN },
    renews: false,
  },
  hung_up_on_station: {
    code: "cloud_unreachable",
    link: "down",
    advice: "EcoFlow's broker ended the connection when this station was asked; the others go on without it",
    retry: { firstMs: 1 * SEC, maxMs: 1 * MIN },
    renews: false,
  },
  silent: {
    code: "cloud_silent",
    link: "down",
    advice: "No station answers: check that they have power and Wi-Fi",
    retry: { firstMs: 1 * SEC, maxMs: 1 * SEC },
    renews: false,
  },
  kicked_out: {
    code: "cloud_kicked_out",
    link: "down",
    advice:
      "The broker ends each connection within a minute: does a copy of this state directory run elsewhere? " +
      "Two connections with the same client id kick each other out; delete the copy's cloud_bridge/identity.json. " +
      "If there is none, check the serial numbers in ECOFLOW_DEVICE_LIST",
    retry: { firstMs: 5 * MIN, maxMs: 30 * MIN },
    renews: false,
  },
  closed_early: {
    code: "cloud_wrong_region",
    link: "refused",
    advice:
      "The broker hangs up before it accepts us, as it does with accounts of another region: put the host of " +
      "your region first in ECOFLOW_API_HOSTS (api-e.ecoflow.com is Europe)",
    retry: { firstMs: 10 * SEC, maxMs: 30 * MIN, factor: 3 },
    renews: true,
    triesNextHost: true,
  },
  hung_up: {
    code: "cloud_unreachable",
    link: "down",
    advice:
      "The broker hangs up before it accepts us, although it has accepted us before: the internet connection or " +
      "EcoFlow's broker is in trouble",
    retry: { firstMs: 5 * SEC, maxMs: 2 * MIN },
    renews: false,
  },
  not_authorised: {
    code: "cloud_not_authorised",
    link: "refused",
    advice:
      "The broker does not accept the credentials that the API gave: they are renewed; if it lasts, too many " +
      "programs used this account today (about ten client ids a day), a new developer key is needed, or no serial " +
      "number in ECOFLOW_DEVICE_LIST is a station of this account",
    retry: { firstMs: 10 * SEC, maxMs: 1 * HOUR, factor: 10 },
    renews: true,
  },
  client_id_refused: {
    code: "cloud_client_id_refused",
    link: "refused",
    advice:
      "The broker refuses our client id: EcoFlow may have changed its rules, look for an update of this program",
    retry: { firstMs: 30 * MIN, maxMs: 6 * HOUR },
    renews: false,
  },
  rate_limited: {
    code: "cloud_rate_limited",
    link: "refused",
    advice:
      "EcoFlow says that this account asks too often: other programs with this account should log in less often",
    retry: { firstMs: 15 * MIN, maxMs: 2 * HOUR },
    renews: true,
  },
  credentials_refused: {
    code: "cloud_credentials_refused",
    link: "refused",
    advice:
      "EcoFlow refuses the account: check ECOFLOW_USER and ECOFLOW_PASS, and restart. Accounts that log in " +
      "through Google or Apple have no password: set one in the app, or use another account",
    retry: { firstMs: 5 * MIN, maxMs: 2 * HOUR, factor: 3 },
    renews: true,
  },
  key_refused: {
    code: "cloud_key_refused",
    link: "refused",
    advice:
      "EcoFlow does not know the access key (code 8513): check ECOFLOW_ACCESS_KEY; a key works only on the host " +
      "of its own region, see ECOFLOW_API_HOSTS",
    retry: { firstMs: 5 * MIN, maxMs: 2 * HOUR, factor: 3 },
    renews: true,
  },
  signature_refused: {
    code: "cloud_signature_refused",
    link: "refused",
    advice: "EcoFlow refuses our signature (code 8521): check ECOFLOW_SECRET_KEY and this machine's clock",
    retry: { firstMs: 5 * MIN, maxMs: 2 * HOUR, factor: 3 },
    renews: true,
  },
  api_refused: {
    code: "cloud_api_refused",
    link: "refused",
    advice: "EcoFlow's API refused a request",
    retry: { firstMs: 1 * MIN, maxMs: 1 * HOUR, factor: 3 },
    renews: true,
  },
  unreadable_reply: {
    code: "cloud_reply_unreadable",
    link: "down",
    advice:
      "EcoFlow's API answers in a form that is not known: is there a proxy in between? Else look for an update",
    retry: { firstMs: 1 * MIN, maxMs: 2 * HOUR, factor: 3 },
    renews: true,
  },
  broker_forbidden: {
    code: "cloud_broker_forbidden",
    link: "refused",
    advice: "The API names a broker that is not allowed: if it is EcoFlow's, add it to ECOFLOW_BROKER_HOSTS",
    retry: { firstMs: 10 * MIN, maxMs: 1 * HOUR },
    renews: true,
  },
  no_stations: {
    code: "cloud_no_stations",
    link: "refused",
    advice:
      "There is no station to watch: set ECOFLOW_DEVICE_LIST to the serial numbers, or bind one in the app",
    retry: { firstMs: 5 * MIN, maxMs: 1 * HOUR },
    renews: true,
  },
  paused: {
    code: "cloud_login_paused",
    link: "refused",
    advice: "Too many log-ins lately, restarts included: waiting, so that the account is not banned",
    retry: { firstMs: 1 * MIN, maxMs: 1 * MIN },
    renews: true,
  },
} as const satisfies Record<string, FaultRule>;

/** One kind of fault. */
export type FaultKind = keyof typeof FAULTS;

/** The rule of a kind. */
export function faultRule(kind: FaultKind): FaultRule {
  return FAULTS[kind];
}

/** The fault of which a status' detail speaks; undefined: of none. */
export function faultNamedIn(detail: string): FaultKind | undefined {
  return (Object.keys(FAULTS) as FaultKind[]).find((kind) => detail.includes(FAULTS[kind].advice));
}

/** Something went wrong with the cloud; whoever catches it reacts by its kind. */
export class CloudFault extends Error {
  override readonly name = "CloudFault";

  /**
   * @param kind What it is
   * @param text What happened, without secrets
   * @param waitMs How long to wait instead of the rule's own time
   */
  constructor(readonly kind: FaultKind, text: string, readonly waitMs?: number, options?: ErrorOptions) {
    super(text, options);
  }
}

/** The faults of several API hosts as one: what needs the operator comes before what passes by itself. */
export function worstOf(faults: readonly CloudFault[]): CloudFault | undefined {
  const order: readonly FaultKind[] = [
    "rate_limited",
    "credentials_refused",
    "key_refused",
    "signature_refused",
    "broker_forbidden",
    "api_refused",
    "unreadable_reply",
    "tls",
    "server",
  ];
  const rank = ({ kind }: CloudFault) => (order.includes(kind) ? order.indexOf(kind) : order.length);
  return [...faults].sort((a, b) => rank(a) - rank(b))[0];
}
