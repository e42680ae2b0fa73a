import assert from "node:assert/strict";
import { formatEntry } from "../../../lib/log/log.ts";
import { Resources } from "./resources.ts";

const line = (service: string, timers: number, heap_kb: number) =>
  `2026-11-24T12:00:00.000Z ${
    formatEntry({ level: "debug", service, text: "RESOURCES", fields: { timers, heap_kb } })
  }`;

Deno.test("Resources adds up the last word of each worker", () => {
  const resources = new Resources();
  resources.hear(line("policy_engine", 5, 9000));
  resources.hear(line("soc_bridge", 2, 8000));
  resources.hear(line("policy_engine", 3, 9500));
  resources.hear("2026-11-24T12:00:00.000Z info   main READY");
  assert.equal(resources.timers, 5);
  assert.equal(resources.heapMegabytes, 17.5);
});

Deno.test("Resources of workers that have not spoken are unknown, not 0", () => {
  const resources = new Resources();
  assert.equal(resources.timers, undefined);
  assert.equal(resources.heapMegabytes, undefined);
});
