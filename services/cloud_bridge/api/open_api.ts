/** The way in with keys of the developer API. Facts: docs/protocol.md "Developer API". */
import type { Clock } from "../../../lib/time/clock.ts";
import { errorText } from "../../../lib/errors.ts";
import type { Random } from "../../../lib/time/backoff.ts";
import { JSON_CODE_OFFLINE } from "../../../proto/offline.ts";
import { readOpenStations } from "./account_stations.ts";
import { ApiHosts } from "./api_hosts.ts";
import { readCertification } from "./certification.ts";
import { openClientId } from "./client_id.ts";
import type { AccountStation, ApiParts, CloudAccess, CloudApi } from "./cloud_api.ts";
import { openTopics } from "./cloud_topics.ts";
import { CloudFault, type FaultKind, worstOf } from "./faults.ts";
import { call, type Envelope, type Http, saidBy, SUCCESS } from "./http.ts";
import { sign } from "./signature.ts";

/** Keys from developer.ecoflow.com. */
export interface DeveloperKeys {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Why one station has no values while others may have. */
export type QuotaRefusal = "not_linked" | "not_opened" | "offline" | "refused";

/** What `quota/all` says about one station. */
export type QuotaAnswer =
  | { readonly kind: "values"; readonly body: Uint8Array }
  /** `offline` carries the answer too: it is what the cloud says of the station. */
  | { readonly kind: QuotaRefusal; readonly text: string; readonly body: Uint8Array };

/** "Signature is wrong", which is also a passing fault of the server. */
const CODE_SIGNATURE = "8521";
/** "accessKey is invalid", also for a key of another region. */
const CODE_KEY = "8513";
const CODE_NOT_LINKED = "1006";
const NOT_OPENED = /current device is not allowed/i;

/** Tries with a fresh nonce after the first 8521. */
export const SIGNATURE_RETRIES = 3;
/** Pause before each of them, ms. */
const SIGNATURE_RETRY_MS = 2000;
/** Shortest time between two certifications, ms. */
export const CERTIFICATION_GAP_MS = 60_000;

/** What this API needs beyond {@link ApiParts}. */
export interface OpenApiParts extends ApiParts {
  readonly clock: Clock;
  readonly random: Random;
}

/** See the file comment. */
export class OpenApi implements CloudApi {
  readonly name = "open";
  readonly #hosts: ApiHosts;
  #certifiedMonoMs = -Infinity;

  constructor(
    private readonly keys: DeveloperKeys,
    apiHosts: readonly string[],
    private readonly http: Http,
    private readonly parts: OpenApiParts,
  ) {
    this.#hosts = new ApiHosts(apiHosts);
  }

  postpone(apiHost: string): void {
    this.#hosts.postpone(apiHost);
  }

  async connect(signal: AbortSignal): Promise<CloudAccess> {
    const { clock } = this.parts;
    await clock.sleep(Math.max(0, this.#certifiedMonoMs + CERTIFICATION_GAP_MS - clock.monoMs()), signal);
    const { host, reply, url } = await this.#certify(signal);
    const broker = readCertification(reply, this.parts.brokerHosts, url);
    return {
      broker,
      clientId: openClientId(this.parts.uuid),
      apiHost: host,
      stations: await this.#stations(host, signal),
      topicsOf: (sn) => [openTopics.quota(broker.username, sn)],
      statusTopicOf: (sn) => openTopics.status(broker.username, sn),
    };
  }

  /** Asks for every known value of a station, at the host that accepted us. @throws CloudFault when it concerns all */
  async quotaAll(sn: string, signal: AbortSignal): Promise<QuotaAnswer> {
    const [host = ""] = this.#hosts.order;
    const { reply } = await this.#signed(this.http, host, "/iot-open/sign/device/quota/all", { sn }, signal);
    const { code, message, body } = reply;
    if (code === SUCCESS) return { kind: "values", body };
    const text = this.#said(reply);
    if (code === CODE_NOT_LINKED) return { kind: "not_linked", text, body };
    if (code === JSON_CODE_OFFLINE) return { kind: "offline", text, body };
    if (NOT_OPENED.test(message)) return { kind: "not_opened", text, body };
    return { kind: "refused", text, body };
  }

  async #certify(signal: AbortSignal): Promise<{ host: string; reply: Envelope; url: string }> {
    const faults: CloudFault[] = [];
    for (const host of this.#hosts.order) {
      const waitMs = this.parts.loginWaitMs();
      if (waitMs > 0) {
        throw new CloudFault(
          "paused",
          `the next certification is allowed in ${Math.ceil(waitMs / 60_000)} min`,
          waitMs,
        );
      }
      try {
        this.#certifiedMonoMs = this.parts.clock.monoMs();
        const { reply, url } = await this.#signed(
          this.#counting(),
          host,
          "/iot-open/sign/certification",
          {},
          signal,
        );
        if (reply.code !== SUCCESS) throw this.#refused("api_refused", `certification at ${host}`, reply);
        this.#hosts.accept(host);
        return { host, reply, url };
      } catch (error) {
        // Whoever is told to ask less often must not go on at the next host.
        if (!(error instanceof CloudFault) || error.kind === "rate_limited" || error.kind === "paused") {
          throw error;
        }
        faults.push(error);
      }
    }
    throw worstOf(faults) ?? new CloudFault("network", "there is no API host to ask");
  }

  async #stations(host: string, signal: AbortSignal): Promise<AccountStation[] | undefined> {
    try {
      const { reply, url } = await this.#signed(this.http, host, "/iot-open/sign/device/list", {}, signal);
      if (reply.code !== SUCCESS) throw this.#refused("api_refused", "device list", reply);
      return readOpenStations(reply, url);
    } catch (error) {
      signal.throwIfAborted();
      this.parts.warn("DEVICE LIST UNREADABLE", { reason: errorText(error) });
      return undefined;
    }
  }

  /** A signed GET; 8521 is tried again with a fresh nonce. @throws CloudFault for what concerns every request */
  async #signed(
    http: Http,
    host: string,
    path: string,
    params: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ reply: Envelope; url: string }> {
    const query = new URLSearchParams(params).toString();
    const url = `https://${host}${path}${query ? `?${query}` : ""}`;
    for (let tries = 0;; tries++) {
      // No Content-Type: on a GET it makes the server answer 8521.
      const reply = await call(http, { method: "GET", url, headers: this.#headers(params) }, signal);
      if (reply.code === CODE_KEY) throw this.#refused("key_refused", `request to ${host}`, reply);
      if (reply.code !== CODE_SIGNATURE) return { reply, url };
      if (tries === SIGNATURE_RETRIES) throw this.#refused("signature_refused", `request to ${host}`, reply);
      await this.parts.clock.sleep(SIGNATURE_RETRY_MS, signal);
    }
  }

  #headers(params: Readonly<Record<string, string>>): Record<string, string> {
    const { accessKey, secretKey } = this.keys;
    const nonce = String(Math.floor(this.parts.random() * 1_000_000)).padStart(6, "0");
    const timestampMs = Math.round(this.parts.wallMs());
    return {
      accessKey,
      nonce,
      timestamp: String(timestampMs),
      sign: sign({ params, accessKey, secretKey, nonce, timestampMs }),
    };
  }

  #counting(): Http {
    return async (request, signal) => {
      const reply = await this.http(request, signal);
      this.parts.noteLogin();
      return reply;
    };
  }

  #refused(kind: FaultKind, what: string, reply: Envelope): CloudFault {
    return new CloudFault(kind, `${what}: ${this.#said(reply)}`);
  }

  #said(reply: Envelope): string {
    return saidBy(reply, [this.keys.accessKey, this.keys.secretKey]);
  }
}
