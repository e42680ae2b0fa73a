/** The worker of the historian. */
import { runWorker } from "../../lib/workers/worker_host.ts";
import { createHistorian } from "./service.ts";

runWorker(createHistorian);
