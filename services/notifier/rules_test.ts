/** The notifier's pure rules. */
import assert from "node:assert/strict";
import { parseEventChoice } from "../../lib/config/notifier/event_choice.ts";
import { parseQuietHours } from "../../lib/config/notifier/quiet_hours.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";
import { isWanted } from "./choose.ts";
import { composeMessage } from "./message.ts";
import { MAX_WAITING, Queue } from "./queue.ts";
import { isQuiet } from "./quiet.ts";

const T0 = Date.UTC(2026, 10, 23, 19, 0, 0);
const event = (
  kind: string,
  severity: JournalEvent["severity"],
  atSec = 0,
  more: Partial<JournalEvent> = {},
) => ({
  ts: new Date(T0 + atSec * 1000).toISOString(),
  kind,
  severity,
  source: "policy_engine",
  text: `Study: ${kind}`,
  device: "Study",
  ...more,
});

const CHOICES: readonly (readonly [string, string, JournalEvent["severity"], boolean])[] = [
  ["normal", "grid_lost", "warning", true],
  ["normal", "grid_back", "notice", true],
  ["normal", "grid_unknown", "warning", true],
  ["normal", "grid_known", "notice", true],
  ["normal,-grid_unknown", "grid_unknown", "warning", false],
  ["normal", "wake_sent", "info", false],
  ["normal", "agent_lost", "warning", true],
  ["normal", "agent_back", "notice", true],
  ["normal,-agent_lost", "agent_lost", "warning", false],
  ["normal", "cloud_link", "notice", false],
  ["danger", "grid_lost", "warning", false],
  ["danger", "shutdown_sent", "danger", true],
  ["danger,+grid_lost", "grid_lost", "warning", true],
  ["normal,-grid_lost", "grid_lost", "warning", false],
  ["info", "wake_sent", "info", true],
  ["+wake_sent", "wake_sent", "info", true],
];
for (const [text, kind, severity, wanted] of CHOICES) {
  Deno.test(`isWanted() with "${text}" ${wanted ? "takes" : "leaves"} ${kind} (${severity})`, () => {
    assert.equal(isWanted(parseEventChoice(text), event(kind, severity)), wanted);
  });
}
for (const text of ["", "loud", "danger,grid_lost", "+Grid", "normal,+"]) {
  Deno.test(`parseEventChoice() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseEventChoice(text), /must be normal, info/);
  });
}

const QUIET: readonly (readonly [string, string, string, boolean])[] = [
  ["22:00-07:00", "2026-11-23T20:59:59Z", "Europe/Berlin", false],
  ["22:00-07:00", "2026-11-23T21:00:00Z", "Europe/Berlin", true],
  ["22:00-07:00", "2026-11-24T05:59:59Z", "Europe/Berlin", true],
  ["22:00-07:00", "2026-11-24T06:00:00Z", "Europe/Berlin", false],
  ["09:00-17:00", "2026-11-23T08:59:00Z", "UTC", false],
  ["09:00-17:00", "2026-11-23T09:00:00Z", "UTC", true],
  ["09:00-17:00", "2026-11-23T17:00:00Z", "UTC", false],
  // The clock is put forward from 2 to 3 on this night, and back from 3 to 2 on the other.
  ["02:30-03:30", "2026-03-29T01:15:00Z", "Europe/Berlin", true],
  ["01:00-02:30", "2026-10-25T00:15:00Z", "Europe/Berlin", true],
  ["01:00-02:30", "2026-10-25T01:15:00Z", "Europe/Berlin", true],
  ["01:00-02:30", "2026-10-25T01:45:00Z", "Europe/Berlin", false],
];
for (const [hours, iso, zone, quiet] of QUIET) {
  Deno.test(`isQuiet() is ${quiet} at ${iso} for ${hours} in ${zone}`, () => {
    assert.equal(isQuiet(parseQuietHours(hours), Date.parse(iso), zone), quiet);
  });
}
for (const text of ["22-7", "22:00-22:00", "24:00-01:00", "22:00", ""]) {
  Deno.test(`parseQuietHours() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseQuietHours(text), /two different times/);
  });
}

const AT = { nowWallMs: T0 + 60_000, timeZone: "Europe/Berlin" };

Deno.test("composeMessage() says when each thing happened, the worst first of all", () => {
  const message = composeMessage([
    event("grid_lost", "warning"),
    event("shutdown_sent", "danger", 30),
    event("host_down", "notice", 60),
  ], { ...AT, link: "http://pi:8080/" });
  assert.deepEqual(message, {
    title: "‼ Study: shutdown_sent",
    text: "20:00:00  Study: grid_lost\n20:00:30  Study: shutdown_sent\n20:01:00  Study: host_down",
    severity: "danger",
    link: "http://pi:8080/",
  });
});

Deno.test("composeMessage() folds a grid that flickers, and nothing else", () => {
  const flicker = ["grid_lost", "grid_back", "grid_lost", "grid_back"]
    .map((kind, i) => event(kind, kind === "grid_lost" ? "warning" : "notice", i * 5));
  const { text } = composeMessage([...flicker, event("blind", "warning", 30)], AT);
  assert.equal(
    text,
    "20:00:15  Study: the grid went 2 times between 20:00:00 and 20:00:15; it is there now\n20:00:30  Study: blind",
  );
  assert.match(composeMessage(flicker.slice(0, 3), AT).text, /it is gone now/);
  assert.equal(composeMessage(flicker.slice(0, 2), AT).text.split("\n").length, 2);
  const losses = [0, 10, 20].map((atSec) => event("grid_lost", "warning", atSec));
  assert.doesNotMatch(composeMessage(losses, AT).text, /now/);
  const other = event("grid_lost", "warning", 2, { device: "Cellar", text: "Cellar: gone" });
  assert.match(composeMessage([...flicker, other], AT).text, /Cellar: gone/);
});

Deno.test("composeMessage() says when it comes late, and on which day it happened", () => {
  const late = composeMessage([event("grid_lost", "warning")], { ...AT, nowWallMs: T0 + 86_400_000 });
  assert.equal(
    late.text,
    "2026-11-23 20:00:00  Study: grid_lost\nTold late, at 20:00:00: there was no way out before.",
  );
  const inTime = composeMessage([event("grid_lost", "warning")], { ...AT, nowWallMs: T0 + 120_000 });
  assert.doesNotMatch(inTime.text, /late/);
});

Deno.test("composeMessage() leaves the earliest out of very many", () => {
  const { text } = composeMessage(
    Array.from({ length: 50 }, (_, i) => event("blind", "warning", i, { text: String(i) })),
    AT,
  );
  assert.match(text, /^30 earlier ones are left out\.\n/);
  assert.match(text, /49$/);
});

function memoryFile(text?: string) {
  const file = {
    text,
    aside: 0,
    read: () => file.text,
    write: (next: string) => void (file.text = next),
    setAside: () => {
      file.aside++;
      return "aside";
    },
  };
  return file;
}

Deno.test("Queue outlives a restart, with what is held", () => {
  const file = memoryFile();
  const queue = new Queue(file);
  queue.add("ntfy", [event("grid_lost", "warning")]);
  queue.hold("email", [event("grid_back", "notice")]);
  queue.store();
  const next = new Queue(file);
  next.load();
  assert.deepEqual(next.waitingFor("ntfy").map(({ kind }) => kind), ["grid_lost"]);
  assert.equal(next.hasHeld, true);
  next.release();
  assert.deepEqual(next.channels, ["ntfy", "email"]);
});

Deno.test("Queue gives way to what is new, but never gives up a danger for a trifle", () => {
  const queue = new Queue(memoryFile());
  queue.add("ntfy", [event("shutdown_sent", "danger")]);
  queue.add("ntfy", Array.from({ length: 2 * MAX_WAITING }, (_, i) => event("blind", "warning", i)));
  const waiting = queue.waitingFor("ntfy");
  assert.equal(waiting.length, MAX_WAITING);
  assert.equal(waiting[0]?.kind, "shutdown_sent");
  assert.equal(waiting.at(-1)?.ts, event("blind", "warning", 2 * MAX_WAITING - 1).ts);
});

for (
  const text of [
    "",
    "{",
    "[]",
    '{"version":2,"waiting":{},"held":{}}',
    '{"version":1,"waiting":{"a":[{"ts":1}]},"held":{}}',
  ]
) {
  Deno.test(`Queue puts aside what it cannot read: ${text}`, () => {
    const file = memoryFile(text);
    const queue = new Queue(file);
    assert.throws(() => queue.load(), /Cannot read the queue/);
    assert.equal(file.aside, 1);
    assert.deepEqual(queue.channels, []);
  });
}
