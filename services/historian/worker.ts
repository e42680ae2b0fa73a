/** Wires `historian` into its worker. */
import { runWorker } from "../../lib/workers/worker_host.ts";
import { Historian, type HistorianConfig } from "./service.ts";

runWorker<HistorianConfig>((context) => new Historian(context));
