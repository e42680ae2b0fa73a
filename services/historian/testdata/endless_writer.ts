/** Writes batches until it is killed; says each one that is on the disk. Arguments: the database, the first number. */
import { Store } from "../store.ts";
import { NO_TOTALS } from "../totals.ts";

const [path = "", first = "0"] = Deno.args;
const store = Store.open(path, (reason) => {
  throw new Error(`damaged: ${reason}`);
});
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
say("open");
for (let number = Number(first);; number++) {
  const ts = new Date(1_700_000_000_000 + number * 1000).toISOString();
  store.write({
    // Both or neither: a batch is whole.
    events: [
      { ts, kind: "first_half", severity: "info", source: "test", text: String(number) },
      { ts, kind: "second_half", severity: "info", source: "test", text: String(number) },
    ],
    samples: [{
      device: `Station ${number % 7}`,
      stepSec: 10,
      atSec: number * 10,
      totals: { ...NO_TOTALS, seconds: 10 },
    }],
    energy: [{ device: "Study", day: "2026-11-23", inWh: 1, inSec: 1, acInSec: 0, dcInSec: 0, outSec: 0 }],
    outages: [],
  });
  if (number % 50 === 49) store.prune(1_700_000_000, 730).toArray();
  say(String(number));
}
