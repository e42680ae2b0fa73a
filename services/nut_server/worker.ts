/** The worker of the NUT server. */
import { runWorker } from "../../lib/workers/worker_host.ts";
import { createNutServer } from "./service.ts";

runWorker(createNutServer);
