/** The emulated cloud's MQTT side: real TLS, the real rules of who may connect and say what, stations that answer. */
import { Buffer } from "node:buffer";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { flattenQueue } from "../../../lib/mqtt/flat_queue.ts";
import { errorText } from "../../../lib/errors.ts";
import { decodeFrame } from "../../../proto/frame.ts";
import type { IssuedCertificate } from "../../../lib/certificates.ts";
import { type Account, USER_ID } from "./account.ts";
import { TlsStream } from "./tls_stream.ts";

/** A running broker. */
export interface CloudBroker {
  readonly port: number;
  publish(topic: string, payload: Uint8Array): void;
  /** Messages that were published and have not left yet. */
  waiting(): number;
  /** Ends every connection without a word. */
  cut(): void;
  /** Clients that are connected now. */
  connected(): number;
  stop(): Promise<void>;
}

/** EcoFlow lets about so many distinct client ids of an account connect in a day. */
const CLIENT_IDS_PER_DAY = 10;
const APP_CLIENT_ID = new RegExp(`^ANDROID_[0-9A-Fa-f-]{32,36}_${USER_ID}$`);
const REPLY_TOPIC = new RegExp(`^/app/${USER_ID}/([^/]+)/thing/property/get_reply$`);
const GET_TOPIC = new RegExp(`^/app/${USER_ID}/([^/]+)/thing/property/get$`);

/** Starts one on loopback. */
export async function startCloudBroker(
  account: Account,
  certificate: IssuedCertificate,
): Promise<CloudBroker> {
  const sockets = new Set<TlsStream>();
  const aedes = await Aedes.createBroker({
    authenticate(client, username, password, done) {
      const allowed = mayConnect(account, client.id, username, password?.toString());
      const error: AuthenticateError = Object.assign(new Error("not authorized"), { returnCode: 5 });
      if (allowed) done(null, true);
      else done(error, false);
    },
    authorizePublish(client, { topic }, done) {
      const sn = GET_TOPIC.exec(topic)?.[1];
      if (!client || (sn !== undefined && account.station(sn))) return done(null);
      account.record.forbiddenPublishes.push(topic);
      done(new Error("not authorized"));
    },
    authorizeSubscribe(_client, subscription, done) {
      done(null, mayHear(account, subscription.topic) ? subscription : null);
    },
  });
  flattenQueue(aedes);
  aedes.on("publish", (packet, client) => {
    const sn = GET_TOPIC.exec(packet.topic)?.[1];
    if (client && sn !== undefined) answerGetAll(sn, Buffer.from(packet.payload));
  });
  // A client that goes away in the middle of something is its own business.
  aedes.on("clientError", (_client: Client, _error: Error) => {});
  aedes.on("connectionError", (_client: Client, _error: Error) => {});

  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...certificate });
  const accept = async (connection: Deno.TlsConn) => {
    try {
      await connection.handshake();
      if (account.faults.closeBeforeConnack) {
        await connection.read(new Uint8Array(1024));
        return connection.close();
      }
    } catch {
      // A client that does not trust us, or goes away, is its own business.
      return connection.close();
    }
    const socket = new TlsStream(connection);
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    aedes.handle(socket);
  };
  const accepting = (async () => {
    for await (const connection of listener) void accept(connection);
  })();
  const { port } = listener.addr;

  let waiting = 0;
  function publish(topic: string, payload: Uint8Array): void {
    waiting++;
    const packet = {
      cmd: "publish",
      topic,
      payload: Buffer.from(payload),
      qos: 1,
      retain: false,
      dup: false,
    } as const;
    aedes.publish(packet, (error) => {
      waiting--;
      if (error && !aedes.closed) throw new Error(`Cannot publish "${topic}": ${errorText(error)}`);
    });
  }

  function answerGetAll(sn: string, payload: Uint8Array): void {
    const form = requestForm(payload);
    if (!form) return;
    account.record.getAllRequests.push({ sn, form });
    const station = account.station(sn);
    if (account.faults.silent || station?.family !== form) return;
    const reply = station.getAllReply();
    if (reply) publish(`/app/${USER_ID}/${sn}/thing/property/get_reply`, reply);
  }

  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    publish,
    waiting: () => waiting,
    cut,
    connected: () => aedes.connectedClients,
    async stop() {
      cut();
      listener.close();
      await accepting;
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
}

function mayConnect(
  { faults, record, app, open }: Account,
  clientId: string,
  username: string | undefined,
  password: string | undefined,
): boolean {
  record.clientIds.push(clientId);
  if (faults.notAuthorised || new Set(record.clientIds).size > CLIENT_IDS_PER_DAY) return false;
  const holder = [app, open].find(({ account }) => account === username);
  if (!holder || holder.password !== password) return false;
  return holder === open || APP_CLIENT_ID.test(clientId);
}

/** The topics of the account's own stations, and no others. */
function mayHear(account: Account, topic: string): boolean {
  const sn = /^\/app\/device\/property\/([^/]+)$/.exec(topic)?.[1] ??
    REPLY_TOPIC.exec(topic)?.[1] ??
    (topic.startsWith(`/open/${account.open.account}/`)
      ? /^([^/]+)\/(?:quota|status)$/.exec(topic.slice(`/open/${account.open.account}/`.length))?.[1]
      : undefined);
  return sn !== undefined && account.station(sn) !== undefined;
}

/** Which get-all request this is; undefined for anything else. */
function requestForm(payload: Uint8Array): "protobuf" | "json" | undefined {
  if (payload[0] === 0x7b) {
    try {
      const { operateType, moduleType, version } = JSON.parse(new TextDecoder().decode(payload));
      return operateType === "latestQuotas" && moduleType === 0 && version ? "json" : undefined;
    } catch {
      return undefined;
    }
  }
  try {
    const [header, ...more] = decodeFrame(payload);
    const isBare = header?.pdata === undefined && header?.cmd_func === undefined &&
      header?.cmd_id === undefined;
    return more.length === 0 && isBare && header?.seq !== undefined && header.from ? "protobuf" : undefined;
  } catch {
    return undefined;
  }
}
