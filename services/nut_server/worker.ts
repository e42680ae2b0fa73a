/** The worker of the NUT server. */
import { runWorker } from "../../lib/worker_host.ts";
import { createNutServer } from "./service.ts";

runWorker(createNutServer);
