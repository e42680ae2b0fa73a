/** Wires `nut_witness` into its worker. */
import { runWorker } from "../../lib/worker_host.ts";
import { createNutWitness } from "./service.ts";

runWorker(createNutWitness);
