/** The worker of the dashboard. */
import { runWorker } from "../../lib/worker_host.ts";
import { createDashboard } from "./service.ts";

runWorker(createDashboard);
