/** The way in with an app account. Facts: docs/protocol.md "Log-in". */
import { Buffer } from "node:buffer";
import * as v from "valibot";
import { errorText } from "../../../lib/errors.ts";
import { readAppStations } from "./account_stations.ts";
import { ApiHosts } from "./api_hosts.ts";
import { readCertification } from "./certification.ts";
import { appClientId } from "./client_id.ts";
import type { AccountStation, ApiParts, CloudAccess, CloudApi } from "./cloud_api.ts";
import { appTopics } from "./cloud_topics.ts";
import { CloudFault, worstOf } from "./faults.ts";
import { call, type Envelope, type Http, type HttpRequest, readData, saidBy, SUCCESS } from "./http.ts";

/** The account of EcoFlow's phone app. */
export interface AppAccount {
  readonly user: string;
  readonly pass: string;
}

const loginSchema = v.object({
  token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,4096}$/, "must be one word")),
  user: v.object({
    userId: v.pipe(
      v.union([v.string(), v.pipe(v.number(), v.safeInteger())]),
      v.transform(String),
      v.regex(/^[0-9]{1,32}$/, "must be decimal digits"),
    ),
  }),
});

const JSON_HEADERS = { lang: "en_US", "content-type": "application/json" };

/** See the file comment. */
export class AppApi implements CloudApi {
  readonly name = "app";
  readonly #hosts: ApiHosts;
  /** Of the last log-in. */
  #token: string | undefined;

  constructor(
    private readonly account: AppAccount,
    apiHosts: readonly string[],
    private readonly http: Http,
    private readonly parts: ApiParts,
  ) {
    this.#hosts = new ApiHosts(apiHosts);
  }

  postpone(apiHost: string): void {
    this.#hosts.postpone(apiHost);
  }

  async connect(signal: AbortSignal): Promise<CloudAccess> {
    const { host, token, userId } = await this.#logIn(signal);
    const headers = { ...JSON_HEADERS, authorization: `Bearer ${token}` };
    const get = (path: string): HttpRequest => ({ method: "GET", url: `https://${host}${path}`, headers });
    const request = get(`/iot-auth/app/certification?userId=${userId}`);
    const certification = await call(this.http, request, signal);
    if (certification.code !== SUCCESS) throw this.#refused("api_refused", "certification", certification);
    const broker = readCertification(certification, this.parts.brokerHosts, request.url);
    const stations = await this.#stations(get("/iot-service/user/device"), signal);
    return {
      broker,
      clientId: appClientId(this.parts.uuid, userId),
      apiHost: host,
      stations,
      userId,
      topicsOf: (sn) => [appTopics.property(sn), appTopics.getReply(userId, sn)],
    };
  }

  /** Tries the hosts in order; the one that accepts is used for all that follows, and first of all next time. */
  async #logIn(signal: AbortSignal): Promise<{ host: string; token: string; userId: string }> {
    const faults: CloudFault[] = [];
    for (const host of this.#hosts.order) {
      try {
        const { token, userId } = await this.#logInAt(host, signal);
        this.#hosts.accept(host);
        return { host, token, userId };
      } catch (error) {
        // Whoever is told to ask less often must not go on at the next host.
        if (!(error instanceof CloudFault) || error.kind === "rate_limited" || error.kind === "paused") {
          throw error;
        }
        faults.push(error);
      }
    }
    throw worstOf(faults) ?? new CloudFault("network", "there is no API host to log in at");
  }

  async #logInAt(host: string, signal: AbortSignal): Promise<{ token: string; userId: string }> {
    const waitMs = this.parts.loginWaitMs();
    if (waitMs > 0) {
      throw new CloudFault(
        "paused",
        `the next log-in is allowed in ${Math.ceil(waitMs / 60_000)} min`,
        waitMs,
      );
    }
    const { user, pass } = this.account;
    const url = `https://${host}/auth/login`;
    const body = JSON.stringify({
      email: user,
      password: Buffer.from(pass, "utf8").toString("base64"),
      scene: "IOT_APP",
      userType: "ECOFLOW",
    });
    const reply = await call(this.#counting(), { method: "POST", url, headers: JSON_HEADERS, body }, signal);
    if (reply.code !== SUCCESS) throw this.#refused("credentials_refused", `log-in at ${host}`, reply);
    const { token, user: { userId } } = readData(loginSchema, reply, url);
    this.#token = token;
    return { token, userId };
  }

  /** Names are welcome and not needed: without them the connection is made all the same. */
  async #stations(request: HttpRequest, signal: AbortSignal): Promise<AccountStation[] | undefined> {
    try {
      const reply = await call(this.http, request, signal);
      if (reply.code !== SUCCESS) throw this.#refused("api_refused", "device list", reply);
      return readAppStations(reply, request.url);
    } catch (error) {
      signal.throwIfAborted();
      this.parts.warn("DEVICE LIST UNREADABLE", { reason: errorText(error) });
      return undefined;
    }
  }

  #counting(): Http {
    return async (request, signal) => {
      const reply = await this.http(request, signal);
      this.parts.noteLogin();
      return reply;
    };
  }

  #refused(kind: "credentials_refused" | "api_refused", what: string, reply: Envelope): CloudFault {
    const { user, pass } = this.account;
    return new CloudFault(kind, `${what}: ${saidBy(reply, [user, pass, this.#token])}`);
  }
}
