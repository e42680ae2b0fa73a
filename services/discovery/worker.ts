/** The worker of the discovery service. */
import { runWorker } from "../../lib/workers/worker_host.ts";
import { createDiscovery } from "./service.ts";

runWorker(createDiscovery);
