import assert from "node:assert/strict";
import { memoryLog } from "../testing.ts";
import { TestClock } from "../time/test_clock.ts";
import type { FromWorker } from "./control.ts";
import type { SdState } from "./sd_notify.ts";
import { type SupervisedService, Supervisor } from "./supervisor.ts";
import { tellSystemd } from "./tell_systemd.ts";

const WATCHDOG_MS = 30_000;
const TIMEOUT_START_MS = 90_000;

/** A daemon under a systemd that keeps to the unit's limits; its workers say what the test has them say. */
function daemon() {
  const clock = new TestClock();
  const ends: string[] = [];
  const words: SdState[] = [];
  const say = new Map<string, (message: FromWorker) => void>();
  const crash = new Map<string, (text: string) => void>();
  let isReady = false;
  let deadlineMonoMs = clock.monoMs() + TIMEOUT_START_MS;
  const service = (name: string): SupervisedService => {
    const capability = { service: name, publishes: [], subscribes: [] };
    return {
      name,
      required: name !== "extra",
      capability,
      init: {
        kind: "init",
        service: name,
        config: {},
        capability,
        log: { level: "info", style: "plain" },
        time: { speed: 1, originWallMs: 0 },
      },
      spawn: () => {
        let hasSpoken = false;
        let hear = (_: FromWorker) => {};
        say.set(name, (message) => {
          hasSpoken = true;
          hear(message);
        });
        return {
          post: (message) => {
            if (message.kind === "attach" || message.kind === "bus") message.port.close();
            if (message.kind === "init") message.busPort?.close();
            // Who loads answers nothing.
            if (message.kind === "ping" && hasSpoken) hear({ kind: "pong", seq: message.seq });
            if (message.kind === "stop") hear({ kind: "stopped" });
          },
          onMessage: (handle) => hear = handle,
          onError: (handle) => crash.set(name, handle),
          terminate: () => {},
        };
      },
    };
  };
  const systemd = {
    send(word: SdState) {
      words.push(word);
      const now = clock.monoMs();
      const more = /^EXTEND_TIMEOUT_USEC=(\d+)$/.exec(word)?.[1];
      if (more !== undefined && !isReady) {
        deadlineMonoMs = Math.max(deadlineMonoMs, now + Number(more) / 1000);
      }
      if (word === "WATCHDOG=1" && isReady) deadlineMonoMs = now + WATCHDOG_MS;
      if (word === "READY=1") {
        isReady = true;
        deadlineMonoMs = now + WATCHDOG_MS;
      }
    },
  };
  const supervisor: Supervisor = new Supervisor({
    linkName: "link",
    services: ["link", "a", "b", "extra"].map(service),
    clock,
    log: memoryLog(),
    random: () => 0.5,
    onSilent: (name) => ends.push(`silent: ${name}`),
    onChange: () => {
      if (!isReady && supervisor.ready) systemd.send("READY=1");
    },
  });
  const stopTelling = tellSystemd({ clock, systemd, supervisor, watchdogUsec: String(WATCHDOG_MS * 1000) });
  supervisor.start();
  return {
    words,
    ends,
    say: (name: string, message: FromWorker) => say.get(name)?.(message),
    ready: (...names: readonly string[]) => names.forEach((name) => say.get(name)?.({ kind: "ready" })),
    crash: (name: string) => crash.get(name)?.("boom"),
    /** Seconds go by until somebody ends the daemon, or `sec` are over. @returns how many */
    async pass(sec: number): Promise<number> {
      for (let at = 1; at <= sec; at++) {
        await clock.advance(1000);
        if (clock.monoMs() > deadlineMonoMs) ends.push("systemd");
        if (ends.length > 0) return at;
      }
      return sec;
    },
    async stop() {
      stopTelling();
      await supervisor.stop();
      assert.equal(clock.pending, 0);
    },
  };
}

const FIRST_WORD: FromWorker = { kind: "pong", seq: 0 };

Deno.test("tellSystemd(): a machine on which the workers load one after the other, a minute each, comes to READY", async () => {
  const { say, ready, pass, ends, words, stop } = daemon();
  ready("extra");
  for (const name of ["link", "a", "b"]) {
    await pass(60);
    say(name, FIRST_WORD);
    await pass(60);
    ready(name);
  }
  await pass(300);
  assert.deepEqual(ends, []);
  assert.ok(words.includes("READY=1"));
  await stop();
});

Deno.test("tellSystemd(): a start in which nothing goes on is ended, by the supervisor where a worker never spoke", async () => {
  const { ready, pass, ends, stop } = daemon();
  ready("link", "a", "extra");
  const sec = await pass(400);
  assert.ok(sec >= 74 && sec <= 80, `${sec} s`);
  assert.deepEqual(ends, ["silent: b"]);
  await stop();
});

Deno.test("tellSystemd(): a start that hangs in a worker that answers is ended by systemd", async () => {
  const { say, ready, pass, ends, stop } = daemon();
  ready("link", "a", "extra");
  say("b", FIRST_WORD);
  const sec = await pass(400);
  assert.deepEqual(ends, ["systemd"]);
  assert.ok(sec > TIMEOUT_START_MS / 1000 && sec <= 166, `${sec} s`);
  await stop();
});

Deno.test("tellSystemd(): a required service that is loaded again for 70 s does not end the others", async () => {
  const { ready, crash, say, pass, ends, stop } = daemon();
  ready("link", "a", "b", "extra");
  await pass(600);
  crash("a");
  await pass(70);
  assert.deepEqual(ends, []);
  say("a", FIRST_WORD);
  ready("a");
  await pass(600);
  assert.deepEqual(ends, []);
  await stop();
});

Deno.test("tellSystemd(): a required service that fails again and again ends in a start from nothing", async () => {
  const { ready, crash, pass, ends, stop } = daemon();
  ready("link", "a", "b", "extra");
  await pass(600);
  let sec = 0;
  while (ends.length === 0 && sec < 400) {
    crash("a");
    sec += await pass(5);
  }
  assert.deepEqual(ends, ["systemd"]);
  assert.ok(sec <= 50, `${sec} s`);
  await stop();
});

Deno.test("tellSystemd(): a service that may be missing starts again for ever, and hides no other that never speaks", async () => {
  const { ready, crash, pass, ends, say, stop } = daemon();
  ready("link", "a");
  let sec = 0;
  while (ends.length === 0 && sec < 400) {
    say("extra", FIRST_WORD);
    crash("extra");
    sec += await pass(10);
  }
  assert.deepEqual(ends, ["silent: b"]);
  assert.ok(sec <= 100, `${sec} s`);
  await stop();
});

Deno.test("tellSystemd(): a required service that fails each time as soon as it is ready ends in a start from nothing", async () => {
  const { ready, crash, pass, ends, stop } = daemon();
  ready("link", "a", "b", "extra");
  await pass(600);
  let sec = 0;
  for (const waitSec of [1, 1, 2, 4, 8, 16, 30, 30, 30]) {
    crash("a");
    sec += await pass(waitSec);
    if (ends.length > 0) break;
    ready("a");
  }
  assert.deepEqual(ends, ["systemd"]);
  assert.ok(sec <= 62, `${sec} s`);
  await stop();
});

Deno.test("tellSystemd(): a required service that fails once an hour and loads slowly ends nothing", async () => {
  const { ready, crash, pass, ends, stop } = daemon();
  ready("link", "a", "b", "extra");
  for (let hour = 0; hour < 3; hour++) {
    await pass(3600);
    crash("a");
    await pass(70);
    ready("a");
  }
  assert.deepEqual(ends, []);
  await stop();
});
