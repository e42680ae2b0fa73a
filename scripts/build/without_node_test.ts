import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hideNode } from "./without_node.ts";

Deno.test("hideNode() takes Node's globals away before anything else of the worker is loaded", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-hide-"));
  try {
    mkdirSync(join(dir, "services/soc_bridge"), { recursive: true });
    writeFileSync(
      join(dir, "piece.js"),
      'export const seen=["process","Buffer"].filter((name)=>name in globalThis);',
    );
    const worker = join(dir, "services/soc_bridge/worker.js");
    writeFileSync(worker, 'import{seen}from"../../piece.js";self.postMessage(seen);');
    const seenBy = () =>
      new Promise<unknown>((resolve) => {
        const running = new Worker(pathToFileURL(worker).href, { type: "module" });
        running.onmessage = ({ data }) => {
          running.terminate();
          resolve(data);
        };
      });
    assert.deepEqual(await seenBy(), ["process", "Buffer"], "they are there to be taken away");
    hideNode(dir);
    assert.deepEqual(await seenBy(), []);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
