/** On a machine with little memory the services that only look on share a worker, unless the owner said otherwise. */
import type { Terminal } from "../terminal/terminal.ts";
import type { Draft } from "./draft.ts";

/** A machine sold with 1 GB tells 0.93 to 0.97 GB, since its kernel and its graphics keep some; one with 512 MB less than 0.5 GB. */
export const LITTLE_MEMORY_BYTES = 900_000_000;

/** How much memory the system tells; undefined when it may not be asked. */
export function memoryHere(): number | undefined {
  try {
    return Deno.systemMemoryInfo().total;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Chooses for a draft that says nothing of it. @param bytes Of memory; undefined when it is not known */
export function spareMemory(
  draft: Pick<Draft, "isSet" | "set">,
  terminal: Pick<Terminal, "say">,
  bytes = memoryHere(),
): void {
  if (bytes === undefined || bytes >= LITTLE_MEMORY_BYTES || draft.isSet("OPTIONAL_SERVICES")) return;
  draft.set({ OPTIONAL_SERVICES: "together" });
  terminal.say(
    `This machine has ${
      (bytes / 1e9).toFixed(1)
    } GB of memory: history, dashboard, notifications and Home Assistant will ` +
      "share one worker (OPTIONAL_SERVICES=together; separate keeps them apart).",
  );
}
