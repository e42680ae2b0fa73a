/** A cloud in memory for tests on the test clock: both APIs and a broker that speaks the protocol, with faults on demand. */
import type { MqttConnect, MqttConnectOptions, MqttDown, MqttEvents } from "../../../lib/mqtt/client.ts";
import { CloudFault } from "../api/faults.ts";
import type { Http, HttpRequest } from "../api/http.ts";

/** What an API call answers instead of success. */
export type Answer = { readonly code: string; readonly message: string; readonly data?: unknown };

/** One connection to the fake broker. */
interface Connection {
  readonly options: MqttConnectOptions;
  readonly events: MqttEvents;
  isOpen: boolean;
}

export const USER_ID = "42424242";
export const CREDENTIALS = { user: "me@example.com", pass: "pass-wörd-secret" };
export const KEYS = { accessKey: "ACCESSKEYSECRET01", secretKey: "SECRETKEYSECRET01" };

/** See the file comment. Every answer comes a microtask later. */
export class FakeCloud {
  /** Answers instead of success, by path; a function sees the request. */
  readonly answers = new Map<string, Answer | ((request: HttpRequest) => Answer | undefined)>();
  /** Hosts that cannot be reached. */
  readonly deadHosts = new Set<string>();
  /** What the broker does with a connection attempt instead of accepting it. */
  connack: Omit<MqttDown, "wasUp"> | undefined;
  /** Whether subscriptions are granted. */
  grantsSubscriptions = true;
  /** Serial numbers whose subscriptions are refused. */
  readonly refusedSns = new Set<string>();
  /** Serial numbers at which the broker ends the connection: when they are asked, or already when they are subscribed. */
  readonly hangsUpOnGet = new Set<string>();
  readonly hangsUpOnSubscribe = new Set<string>();
  /** Called for every request on a `get` topic. */
  onGet: (sn: string, form: "json" | "protobuf") => void = () => {};
  brokerAddress = { url: "mqtt-e.ecoflow.com", port: "8883", protocol: "mqtts" };
  devices: unknown = { bound: {}, share: {} };

  readonly requests: HttpRequest[] = [];
  readonly connects: MqttConnectOptions[] = [];
  readonly published: { readonly topic: string; readonly form: "json" | "protobuf" }[] = [];
  readonly subscribed: string[] = [];
  #live: Connection | undefined;

  /** Requests of one path, as `host` texts in order. */
  hostsAsked(path: string): string[] {
    return this.requests.map(({ url }) => new URL(url)).filter((u) => u.pathname === path).map((u) => u.host);
  }

  get isConnected(): boolean {
    return this.#live !== undefined;
  }

  readonly http: Http = async (request) => {
    await Promise.resolve();
    const url = new URL(request.url);
    if (this.deadHosts.has(url.host)) throw new CloudFault("network", `${url.host} cannot be reached`);
    this.requests.push(request);
    const scripted = this.answers.get(url.pathname);
    const answer = (typeof scripted === "function" ? scripted(request) : scripted) ??
      this.#success(url.pathname);
    return { status: 200, body: new TextEncoder().encode(JSON.stringify(answer)) };
  };

  readonly connect: MqttConnect = (options, events) => {
    this.connects.push(options);
    const connection: Connection = { options, events, isOpen: false };
    queueMicrotask(() => this.#open(connection));
    return {
      publish: (topic, payload) => {
        if (!connection.isOpen) return Promise.reject(new Error("not connected"));
        const form = typeof payload === "string" ? "json" : "protobuf";
        this.published.push({ topic, form });
        const sn = /^\/app\/[0-9]+\/([^/]+)\/thing\/property\/get$/.exec(topic)?.[1];
        if (sn !== undefined && this.hangsUpOnGet.has(sn)) {
          queueMicrotask(() => this.#live === connection && this.drop());
          return Promise.resolve();
        }
        if (sn !== undefined) this.onGet(sn, form);
        return Promise.resolve();
      },
      subscribe: (filter) => {
        if (!connection.isOpen || !this.grantsSubscriptions) return Promise.reject(new Error("refused"));
        const isAbout = (sn: string) => filter.split("/").includes(sn);
        if ([...this.refusedSns].some(isAbout)) return Promise.reject(new Error("refused"));
        if ([...this.hangsUpOnSubscribe].some(isAbout)) {
          this.drop();
          return Promise.reject(new Error("the connection ended"));
        }
        this.subscribed.push(filter);
        return Promise.resolve();
      },
      unsubscribe: () => Promise.resolve(),
      close: () => {
        connection.isOpen = false;
        if (this.#live === connection) this.#live = undefined;
        return Promise.resolve();
      },
    };
  };

  /** Brings a message to whoever is connected. */
  deliver(topic: string, payload: Uint8Array | string, retained = false): void {
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    this.#live?.events.onMessage({ topic, payload: bytes, retained, qos: 0 });
  }

  /** Ends the connection as the network would. */
  drop(): void {
    const live = this.#live;
    this.#live = undefined;
    if (!live) return;
    live.isOpen = false;
    live.events.onDown({ kind: "closed", text: "the connection was closed", wasUp: true });
  }

  #open(connection: Connection): void {
    if (this.connack) return connection.events.onDown({ ...this.connack, wasUp: false });
    this.drop();
    connection.isOpen = true;
    this.#live = connection;
    connection.events.onUp(false);
  }

  #success(path: string): Answer {
    const ok = (data: unknown) => ({ code: "0", message: "Success", data });
    switch (path) {
      case "/auth/login":
        return ok({ token: "token-secret", user: { userId: USER_ID, name: "me" } });
      case "/iot-auth/app/certification":
        return ok({ ...this.brokerAddress, certificateAccount: "app-1", certificatePassword: "mqtt-secret" });
      case "/iot-open/sign/certification":
        return ok({
          ...this.brokerAddress,
          certificateAccount: "open-1",
          certificatePassword: "mqtt-secret",
        });
      case "/iot-service/user/device":
      case "/iot-open/sign/device/list":
        return ok(this.devices);
      case "/iot-open/sign/device/quota/all":
        return ok({ "bms.soc": 50 });
    }
    return { code: "404", message: "no such path" };
  }
}
