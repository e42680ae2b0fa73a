/**
 * Keeps Node's layer of the runtime out of workers that need nothing of it: 2 MB each. npm:protobufjs looks for `process` and `Buffer`
 * while it loads, and to look is to load. Only in a bundle: from sources the runtime itself needs the layer to load packages.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Workers, as they are called in a bundle, whose packages look for Node and do without it. */
const LOOKING = ["services/soc_bridge/worker.js"] as const;

const HIDE = 'for(const name of["process","Buffer"])delete globalThis[name];\n';

/** Hides it from those workers before anything else of them is loaded. @param out The bundle's folder */
export function hideNode(out: string): void {
  writeFileSync(join(out, "services/without_node.js"), HIDE);
  for (const worker of LOOKING) {
    const path = join(out, worker);
    // What is imported first runs first.
    writeFileSync(path, `import"../without_node.js";${readFileSync(path, "utf8")}`);
  }
}
