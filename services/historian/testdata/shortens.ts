/** Shortens a history as the daemon's worker does, with a worker's rights. Argument: the database. Says how large it was and is. */
import { Store } from "../store.ts";

const [path = ""] = Deno.args;
const store = Store.open(path, (reason) => {
  throw new Error(`damaged: ${reason}`);
});
const before = Deno.statSync(path).size;
store.prune(800 * 86_400, 31).toArray();
store.shrink().toArray();
store.close();
Deno.stdout.writeSync(new TextEncoder().encode(`${before} ${Deno.statSync(path).size}`));
