/** Loads every family where nothing is permitted; the test beside it expects the count. */
import { FAMILIES, loadFamily } from "../registry.ts";

const scope = globalThis as unknown as { onmessage: () => void; postMessage(count: number): void };

scope.onmessage = async () => {
  for (const family of FAMILIES) await loadFamily(family);
  scope.postMessage(FAMILIES.length);
};
