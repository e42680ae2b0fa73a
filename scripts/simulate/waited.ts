/** Waiting in real time beside real processes. */

/** Real time passes. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Looks until it is so. @throws Error that names `what` when it does not become so in time */
export async function waited(what: string, isTrue: () => boolean, limitMs = 60_000): Promise<void> {
  for (const untilMs = performance.now() + limitMs; performance.now() < untilMs;) {
    if (isTrue()) return;
    await pause(50);
  }
  throw new Error(`waited in vain: ${what}`);
}
