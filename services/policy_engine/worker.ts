/** Wires `policy_engine` into its worker. */
import { runWorker } from "../../lib/workers/worker_host.ts";
import { createPolicyEngine } from "./service.ts";

runWorker(createPolicyEngine);
