/** A dashboard's listener for a process with few file descriptors: says its port, and what it logs. */
import { systemClock } from "../../../lib/time/clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { DashboardServer } from "../http/server.ts";

const log = memoryLog();
const server = new DashboardServer({
  host: "127.0.0.1",
  port: 0,
  watch: { quietSec: 2, patienceSec: 1 },
  clock: systemClock(),
  log,
  handle: () => ({ status: 200, body: log.text() }),
});
const port = await server.start();
Deno.stdout.writeSync(new TextEncoder().encode(`${port}\n`));
