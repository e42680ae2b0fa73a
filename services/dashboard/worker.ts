/** The worker of the dashboard. */
import { runWorker } from "../../lib/workers/worker_host.ts";
import { createDashboard } from "./service.ts";

runWorker(createDashboard);
