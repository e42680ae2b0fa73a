/** Tries the sandbox: what a service must not do is really tried, in a worker with that service's permissions. */
import type { Attempt } from "./sandbox_probe.ts";

/** What no service may do, whatever it was granted. */
export const FORBIDDEN: readonly Attempt[] = [
  { kind: "read", target: "/etc/passwd" },
  { kind: "write", target: "/tmp/ecoflow-power-probe" },
  { kind: "net", target: "127.0.0.2:9" },
  { kind: "net", target: "example.com:443" },
  { kind: "env", target: "ECOFLOW_PASS" },
  { kind: "env", target: "HOME" },
  { kind: "run", target: "true" },
  { kind: "ffi", target: "libc.so.6" },
  { kind: "sys", target: "hostname" },
];

/** The worker that tries. */
export const PROBE_ENTRY = new URL("./sandbox_probe.ts", import.meta.url);

/** Tries `attempts` inside a worker with these permissions. @returns for each whether the sandbox let it through */
export function probe(
  permissions: Deno.PermissionOptionsObject,
  attempts: readonly Attempt[],
): Promise<boolean[]> {
  const worker = new Worker(PROBE_ENTRY, { type: "module", deno: { permissions } });
  return new Promise<boolean[]>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
    worker.postMessage(attempts);
  }).finally(() => worker.terminate());
}
