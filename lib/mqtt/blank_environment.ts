/**
 * Gives npm packages an empty `process.env` where this worker may not read the real one.
 *
 * npm:mqtt's `debug` lists all variables while it loads, which would need access to every one of them, secrets
 * included. Imported for its effect, before the package.
 */
import process from "node:process";

if (Deno.permissions.querySync({ name: "env" }).state !== "granted") {
  Object.defineProperty(process, "env", { value: {}, configurable: true, writable: true });
}
