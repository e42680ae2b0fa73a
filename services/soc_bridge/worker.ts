/** Wires `soc_bridge` into its worker, which needs no permission at all. */
import { runWorker } from "../../lib/workers/worker_host.ts";
import { createSocBridge } from "./service.ts";

runWorker(createSocBridge);
