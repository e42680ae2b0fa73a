/** Whether the bridge to a cluster is written as this house is now, and whether the cluster lets it in. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { textFile } from "../../lib/files/text_file.ts";
import type { Finding } from "../../lib/findings.ts";
import type { MqttConnect, MqttDown } from "../../lib/mqtt/client.ts";
import {
  bridgeConf,
  type BridgeConfOptions,
  clusterClientId,
  readBridgeConf,
} from "../broker/bridge_conf.ts";
import { BridgeFiles } from "../broker/bridge_files.ts";
import { NoBrokerError, visit } from "../broker/broker_guest.ts";
import { ManagedBroker } from "../broker/managed_broker.ts";
import { fileErrorText } from "../terminal/file_error.ts";

const WHAT = "bridge";
const WRITE_ANEW = "write it anew: sudo ecoflow-power broker bridge --to … --site …";
const CONNECT_TIMEOUT_MS = 10_000;

/** See the file comment. @returns nothing where there is no bridge. @param root Below which its files lie */
export async function examineBridge(
  house: HouseConfig,
  root: string,
  connect: MqttConnect,
): Promise<Finding[]> {
  try {
    const managed = new ManagedBroker(root);
    const text = textFile(new BridgeFiles(root, managed).confPath).read();
    if (text === undefined) return [];
    const written = readBridgeConf(text);
    if (!written) return [bad("its file (bridge.conf) is none")];
    const port = house.broker?.port ?? house.embeddedPort;
    const wanted = bridgeConf({ ...written, roots: house.roots, house: { ...written.house, port } });
    const mayLogIn = managed.logins?.has(written.house.user) ?? false;
    if (text !== wanted || !mayLogIn) {
      return [
        bad(
          "it was written for other topics, another port or an older version, and says nothing or too little",
        ),
      ];
    }
    const ca = written.caFile === undefined ? undefined : textFile(written.caFile).read();
    return [await tryCluster(written, ca, connect)];
  } catch (error) {
    return [{ what: WHAT, verdict: "unsure", text: `its files: ${fileErrorText(error)}` }];
  }
}

function bad(text: string): Finding {
  return { what: WHAT, verdict: "bad", text: `${text}; ${WRITE_ANEW}` };
}

/** Logs in as the site does, beside it, and says nothing. */
async function tryCluster(
  { site, to: { host, port }, login }: Omit<BridgeConfOptions, "roots">,
  ca: string | undefined,
  connect: MqttConnect,
): Promise<Finding> {
  const options = {
    host,
    port,
    tls: { ca },
    username: login?.user,
    password: login?.password,
    clientId: `${clusterClientId(site)}-doctor`,
    // As the bridge itself does.
    protocolVersion: 4,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  } as const;
  try {
    const guest = await visit(connect, options, () => {});
    await guest.close();
    const text = `site "${site}": the cluster ${host}:${port} lets it in; whether it runs says: ` +
      "systemctl status ecoflow-power-bridge";
    return { what: WHAT, verdict: "good", text };
  } catch (error) {
    if (!(error instanceof NoBrokerError)) throw error;
    const text = `site "${site}", cluster ${host}:${port}: ${error.down.text}; ${cureOf(error.down)}`;
    return { what: WHAT, verdict: "bad", text };
  }
}

function cureOf({ kind }: MqttDown): string {
  switch (kind) {
    case "refused":
      return "see --user and --pass-file of: ecoflow-power broker bridge";
    case "tls":
      return "see --ca of: ecoflow-power broker bridge, and the name in --to";
    case "closed":
    case "network":
      return "what is said meanwhile waits; does the cluster speak MQTT with TLS at this port?";
  }
}
