/** The worker of the stations by cable. */
import { runWorker } from "../../lib/workers/worker_host.ts";
import { createNutSource } from "./service.ts";

runWorker(createNutSource);
