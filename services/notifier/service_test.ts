/** The notifier on a test clock: what is told, when, and what a restart, a quiet night and a dead internet do to it. */
import assert from "node:assert/strict";
import { parseEventChoice } from "../../lib/config/notifier/event_choice.ts";
import { parseQuietHours } from "../../lib/config/notifier/quiet_hours.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { testContext } from "../../lib/testing.ts";
import { SendError } from "./channel.ts";
import type { Message } from "./message.ts";
import { Notifier, type NotifierConfig } from "./service.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);
const CAPABILITY = { service: "notifier", publishes: [TOPICS.events], subscribes: [TOPICS.events] };
const NTFY = { name: "ntfy", url: "https://ntfy.example/topic" } as const;
const HOUR_MS = 3_600_000;

/** What survives a restart. */
function disk() {
  const file = {
    text: undefined as string | undefined,
    isFull: false,
    read: () => file.text,
    write(text: string) {
      if (file.isFull) throw new Error("No space left on device");
      file.text = text;
    },
    setAside: () => "aside",
  };
  return file;
}

async function start(config: Partial<NotifierConfig> = {}, file = disk(), speaks = () => Promise.resolve()) {
  const context = testContext<NotifierConfig>(CAPABILITY, {
    roots: DEFAULT_ROOTS,
    stateDir: "/none",
    channels: [{ settings: NTFY, choice: parseEventChoice("normal") }],
    collectSec: 30,
    timeZone: "UTC",
    ...config,
  });
  const told: Message[] = [];
  const journal: JournalEvent[] = [];
  const way = { speaks };
  context.broker.watch(({ payload }) => {
    const text = new TextDecoder().decode(payload);
    if (text.startsWith('{"ts"')) journal.push(JSON.parse(text));
  });
  const notifier = new Notifier(context, {
    file,
    channels: context.config.channels.map(({ settings: { name } }) => ({
      name,
      async send(message) {
        await way.speaks();
        told.push(message);
      },
    })),
    close: () => {},
  });
  await notifier.start();
  const { broker, clock } = context;
  return {
    ...context,
    notifier,
    told,
    journal,
    way,
    file,
    async event(kind: string, severity: JournalEvent["severity"], source = "policy_engine") {
      const ts = new Date(clock.wallMs()).toISOString();
      broker.publish(
        TOPICS.events,
        JSON.stringify({ ts, kind, severity, source, text: `Study: ${kind}`, device: "Study" }),
      );
      await settle();
    },
    titles: () => told.map(({ title }) => title.replace(/^\W+/, "")),
  };
}

const down = () => Promise.reject(new SendError("ntfy.example: no route", false));

Deno.test("Notifier tells a danger at once, and the rest together after 30 s", async () => {
  const h = await start();
  await h.event("grid_lost", "warning");
  await h.clock.advance(29_999);
  assert.equal(h.told.length, 0);
  await h.clock.advance(1);
  assert.deepEqual(h.titles(), ["Study: grid_lost"]);
  await h.event("blind", "warning");
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(0);
  assert.equal(h.told[1]?.text, "19:00:30  Study: blind\n19:00:30  Study: shutdown_sent");
  await h.event("wake_sent", "info");
  await h.clock.advance(HOUR_MS);
  assert.equal(h.told.length, 2);
  await h.notifier.stop();
  assert.equal(h.clock.pending, 0);
});

Deno.test("Notifier makes one message of a grid that flickers", async () => {
  const h = await start();
  for (const kind of ["grid_lost", "grid_back", "grid_lost", "grid_back", "grid_lost", "grid_back"]) {
    await h.event(kind, kind === "grid_lost" ? "warning" : "notice");
    await h.clock.advance(4000);
  }
  await h.clock.advance(30_000);
  assert.equal(h.told.length, 1);
  assert.match(h.told[0]?.text ?? "", /the grid went 3 times between 19:00:00 and 19:00:20; it is there now/);
  await h.notifier.stop();
});

Deno.test("Notifier waits while there is no way out, over a restart, and then says when it happened", async () => {
  const h = await start({}, disk(), down);
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(HOUR_MS);
  assert.equal(h.told.length, 0);
  assert.match(
    h.health.list()[0]?.text ?? "",
    /ntfy cannot be reached, messages wait: ntfy\.example: no route/,
  );
  // Killed: what waits is on the disk.
  const next = await start({}, h.file);
  next.clock.jumpWall(HOUR_MS);
  await next.clock.advance(0);
  assert.equal(next.told.length, 1);
  await h.event("host_down", "notice");
  h.way.speaks = () => Promise.resolve();
  await h.clock.advance(HOUR_MS);
  assert.equal(h.told.length, 1);
  assert.match(
    h.told[0]?.text ?? "",
    /^19:00:00 {2}Study: shutdown_sent\n20:00:00 {2}Study: host_down\nTold late, at 2\d:\d\d:\d\d/,
  );
  assert.deepEqual(h.health.list(), []);
  await h.notifier.stop();
  await next.notifier.stop();
});

Deno.test("Notifier tries again with growing pauses, but a new danger at once", async () => {
  let tries = 0;
  const h = await start({}, disk(), () => {
    tries++;
    return down();
  });
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(24 * HOUR_MS);
  assert.ok(tries > 90 && tries < 130, `${tries} tries in a day`);
  const before = tries;
  await h.event("timer_started", "danger");
  await h.clock.advance(0);
  assert.equal(tries, before + 1);
  // Said once in the journal, not at each try, and never about itself.
  assert.equal(h.journal.filter(({ kind }) => kind === "notify_failed").length, 1);
  await h.notifier.stop();
});

Deno.test("Notifier tries a danger at once that came while another try was failing, and only once", async () => {
  let tries = 0;
  const h = await start({}, disk(), () => {
    tries++;
    return down();
  });
  await h.event("shutdown_sent", "danger");
  // Long pauses by now.
  await h.clock.advance(24 * HOUR_MS);
  let fail = () => {};
  h.way.speaks = () => {
    tries++;
    return new Promise((_, reject) => fail = () => reject(new SendError("no route", false)));
  };
  tries = 0;
  await h.event("timer_started", "danger");
  await h.clock.advance(0);
  assert.equal(tries, 1);
  await h.event("stage_begins", "danger");
  h.way.speaks = () => {
    tries++;
    return down();
  };
  fail();
  await h.clock.advance(0);
  assert.equal(tries, 2);
  // What has been tried waits for its turn, and so does what is no danger.
  await h.event("host_down", "notice");
  await h.clock.advance(60_000);
  assert.equal(tries, 2);
  await h.notifier.stop();
});

Deno.test("Notifier leaves who asks for it alone, a danger or not, and tells the danger as soon as that is over", async () => {
  let tries = 0;
  const h = await start({}, disk(), () => {
    tries++;
    return Promise.reject(new SendError("slow down", false, 600_000));
  });
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(1000);
  await h.event("timer_started", "danger");
  await h.clock.advance(598_999);
  assert.equal(tries, 1);
  await h.clock.advance(1);
  assert.equal(tries, 2);
  await h.notifier.stop();
});

Deno.test("Notifier does not hurry a channel for a danger that it does not want", async () => {
  let tries = 0;
  const choice = parseEventChoice("normal,-timer_started");
  const h = await start({ channels: [{ settings: NTFY, choice }] }, disk(), () => {
    tries++;
    return down();
  });
  await h.event("grid_lost", "warning");
  await h.clock.advance(24 * HOUR_MS);
  const before = tries;
  await h.event("timer_started", "danger");
  await h.clock.advance(0);
  assert.equal(tries, before);
  await h.notifier.stop();
});

Deno.test("Notifier gives up what is refused for good, says so once, and tells the next", async () => {
  const h = await start({}, disk(), () => Promise.reject(new SendError("status 401", true)));
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(HOUR_MS);
  assert.match(h.health.list()[0]?.text ?? "", /ntfy refuses our messages: status 401/);
  h.way.speaks = () => Promise.resolve();
  await h.event("grid_back", "notice");
  await h.clock.advance(30_000);
  assert.deepEqual(h.titles(), ["Study: grid_back"]);
  assert.deepEqual(h.health.list(), []);
  await h.notifier.stop();
});

Deno.test("Notifier waits as long as it is asked to", async () => {
  let tries = 0;
  const h = await start({}, disk(), () => {
    tries++;
    return tries === 1 ? Promise.reject(new SendError("slow down", false, 600_000)) : Promise.resolve();
  });
  await h.event("grid_lost", "warning");
  await h.clock.advance(30_000 + 599_000);
  assert.equal(tries, 1);
  await h.clock.advance(1000);
  assert.equal(h.told.length, 1);
  await h.notifier.stop();
});

Deno.test("Notifier does not wait for ever for a server that says nothing", async () => {
  const h = await start({}, disk(), () => new Promise(() => {}));
  const stuck = h.way.speaks;
  h.way.speaks = () => Promise.reject(new DOMException("aborted", "AbortError"));
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(1000);
  assert.equal(h.log.entries.filter(({ text }) => text === "MESSAGE WAITS").length, 1);
  assert.ok(stuck);
  await h.notifier.stop();
});

Deno.test("Notifier is quiet at night but for a danger and its end, and tells in the morning what happened", async () => {
  const h = await start({ quietHours: parseQuietHours("19:00-20:00") });
  await h.event("grid_lost", "warning");
  await h.clock.advance(30_000);
  assert.equal(h.told.length, 0);
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(0);
  assert.deepEqual(h.titles(), ["Study: shutdown_sent"]);
  await h.event("grid_back", "notice");
  await h.clock.advance(30_000);
  assert.deepEqual(h.titles(), ["Study: shutdown_sent", "Study: grid_back"]);
  await h.event("blind", "warning");
  await h.clock.advance(HOUR_MS - 121_000);
  assert.equal(h.told.length, 2);
  await h.clock.advance(122_000);
  assert.equal(h.told.length, 3);
  assert.match(h.told[2]?.text ?? "", /^19:00:00 {2}Study: grid_lost\n19:01:00 {2}Study: blind\nTold late/);
  await h.notifier.stop();
});

Deno.test("Notifier goes on when the disk takes nothing, and with messages that it cannot read", async () => {
  const h = await start();
  h.file.isFull = true;
  for (const text of ["", "{", "[]", '{"kind":"x"}']) h.broker.publish(TOPICS.events, text);
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(0);
  assert.equal(h.told.length, 1);
  assert.equal(h.log.entries.filter(({ text }) => text === "QUEUE NOT STORED").length, 1);
  assert.equal(h.log.entries.filter(({ text }) => text === "INPUT REFUSED").length, 3);
  await h.notifier.stop();
});

Deno.test("Notifier gives each channel what it wants, and none waits for another", async () => {
  const h = await start({
    channels: [
      { settings: NTFY, choice: parseEventChoice("danger") },
      { settings: { name: "webhook", url: "https://hook.example/" }, choice: parseEventChoice("info") },
    ],
  });
  await h.event("wake_sent", "info");
  await h.clock.advance(30_000);
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(0);
  assert.deepEqual(h.titles(), ["Study: wake_sent", "Study: shutdown_sent", "Study: shutdown_sent"]);
  await h.notifier.stop();
});

Deno.test("Notifier sends what waits as soon as the cloud is reached again, and not a second time", async () => {
  const h = await start({ collectSec: 0 }, disk(), down);
  await h.event("grid_lost", "warning");
  await h.clock.advance(2 * HOUR_MS);
  h.way.speaks = () => Promise.resolve();
  const link = (state: string) => {
    const ts = new Date(h.clock.wallMs()).toISOString();
    const text = `EcoFlow cloud ${state}`;
    const event = {
      ts,
      kind: "cloud_link",
      severity: "notice",
      source: "cloud_bridge",
      text,
      data: { link: state },
    };
    h.broker.publish(TOPICS.events, JSON.stringify(event));
    return settle();
  };
  await link("down");
  await h.clock.advance(1000);
  assert.equal(h.told.length, 0, "no reason to hurry");
  await link("up");
  await h.clock.advance(0);
  assert.deepEqual(h.titles().slice(0, 1), ["Study: grid_lost"]);
  const count = h.told.length;
  await h.clock.advance(HOUR_MS);
  assert.equal(h.told.length, count);
  await h.notifier.stop();
});

Deno.test("Notifier tries seldom where each try tells some people again, and never hurries past a pause that was asked for", async () => {
  let tries = 0;
  const partly = () => {
    tries++;
    return Promise.reject(new SendError("apprise: a target cannot be reached", false, undefined, true));
  };
  const h = await start({ collectSec: 0 }, disk(), partly);
  await h.event("grid_lost", "warning");
  await h.clock.advance(24 * HOUR_MS);
  assert.ok(tries >= 6 && tries <= 15, `${tries} tries in a day`);
  assert.equal(h.told.length, 0);
  const before = tries;
  await h.event("shutdown_sent", "danger");
  await h.clock.advance(0);
  assert.equal(tries, before + 1, "a danger does not wait");
  await h.notifier.stop();
});
