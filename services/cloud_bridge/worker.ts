/** Wires `cloud_bridge` into its worker. */
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { runWorker } from "../../lib/workers/worker_host.ts";
import { createFetchHttp } from "./api/fetch_http.ts";
import { CloudBridge, type CloudBridgeConfig } from "./service.ts";

runWorker<CloudBridgeConfig>((context) =>
  new CloudBridge(context, { connect: connectMqtt, ...createFetchHttp({ caPem: context.config.caPem }) })
);
