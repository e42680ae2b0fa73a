/** Wires `broker_link` into its worker. */
import { hostWorker } from "../../lib/workers/worker_host.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { BrokerLink, type BrokerLinkConfig } from "./service.ts";

hostWorker((init, parts) => {
  const link = new BrokerLink(init.config as BrokerLinkConfig, parts, {
    connect: connectMqtt,
    // Loaded only when there is no broker in the house: it costs memory.
    startEmbedded: async (port) => {
      const { startEmbeddedBroker } = await import("../../lib/mqtt/embedded_broker.ts");
      return startEmbeddedBroker({ port, host: "127.0.0.1" });
    },
  });
  return {
    start: () => link.start(),
    stop: () => link.stop(),
    control: (message) => {
      if (message.kind === "attach") link.attach(message.capability, message.port);
      if (message.kind === "detach") link.detach(message.service);
      if (message.kind === "presence") link.setPresence(message.payload);
    },
  };
});
