/** The worker of the notifier. */
import { runWorker } from "../../lib/workers/worker_host.ts";
import { createNotifier } from "./create.ts";

runWorker(createNotifier);
