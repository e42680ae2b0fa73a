/**
 * The topics of EcoFlow's cloud, and the one door through which anything is ever sent to it. There is no code path that
 * writes to a power station: {@link readOnly} hides `publish`, and what is left can only ask for the whole state.
 * Facts: docs/protocol.md "Broker and topics", "Developer API".
 */
import type { MqttClient } from "../../../lib/mqtt/client.ts";
import { encodeGetAllRequest } from "../../../proto/get_all.ts";

/** The only shape of a topic that may be published on: the request for the whole state. */
const GET_ALL_TOPIC = /^\/app\/[0-9]{1,32}\/[A-Za-z0-9-]{4,32}\/thing\/property\/get$/;

/** Where the app API's account and its stations speak. */
export const appTopics = {
  /** Pushes of a station, partial. */
  property: (sn: string) => `/app/device/property/${sn}`,
  /** Answers of a station to a get-all request. */
  getReply: (userId: string, sn: string) => `/app/${userId}/${sn}/thing/property/get_reply`,
  /** Where the whole state is asked for. */
  get: (userId: string, sn: string) => `/app/${userId}/${sn}/thing/property/get`,
};

/** Where the developer API's account hears its stations. */
export const openTopics = {
  /** Pushes of a station, partial, JSON. */
  quota: (account: string, sn: string) => `/open/${account}/${sn}/quota`,
  /** `{"params":{"status":1}}`: online, 0 offline. */
  status: (account: string, sn: string) => `/open/${account}/${sn}/status`,
};

/** How a station wants to be asked: a frame or JSON. Each kind ignores the other's form. */
export type RequestForm = "protobuf" | "json";

/** What the cloud bridge can do on a connection to the cloud: listen, ask for the whole state, leave. */
export interface ReadOnlyCloud {
  subscribe(topic: string): Promise<void>;
  /** Asks one station for its whole state; sent once, may be lost. `id` must differ from one request to the next. */
  askForAll(request: { userId: string; sn: string; form: RequestForm; id: number }): Promise<void>;
  close(): Promise<void>;
}

/** Takes everything away from a connection that could change a station. */
export function readOnly(client: MqttClient): ReadOnlyCloud {
  return {
    subscribe: (topic) => client.subscribe(topic, 1),
    askForAll: ({ userId, sn, form, id }) => {
      const topic = checkedGetAllTopic(appTopics.get(userId, sn));
      return client.publish(topic, form === "json" ? jsonGetAllRequest(id) : encodeGetAllRequest(id));
    },
    close: () => client.close(),
  };
}

/** Passes a topic on which the whole state is asked for. @throws RangeError for every other one */
export function checkedGetAllTopic(topic: string): string {
  if (GET_ALL_TOPIC.test(topic)) return topic;
  throw new RangeError(
    `Cannot publish to the cloud: must be "/app/<user>/<sn>/thing/property/get", found "${topic}"`,
  );
}

/** The get-all request of the JSON families. @param id Whole, 0 or more */
export function jsonGetAllRequest(id: number): string {
  return JSON.stringify({
    from: "Android",
    id: String(id).padStart(9, "0"),
    version: "1.1",
    moduleType: 0,
    operateType: "latestQuotas",
    params: {},
  });
}

/** The form of a payload by its first byte that is not blank; undefined for anything else. */
export function formOf(payload: Uint8Array): RequestForm | undefined {
  const first = payload.find((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d);
  if (first === 0x7b) return "json";
  return payload[0] === 0x0a ? "protobuf" : undefined;
}
