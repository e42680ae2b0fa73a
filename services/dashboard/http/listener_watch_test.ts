import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { TestClock } from "../../../lib/time/test_clock.ts";
import { ListenerWatch } from "./listener_watch.ts";

const TIMES = { quietSec: 60, patienceSec: 5 };

async function withDoor(run: (port: number, knocked: () => Promise<void>) => Promise<void>) {
  let hear = () => {};
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.resume();
    hear();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const knocked = new Promise<void>((resolve) => hear = resolve);
  try {
    await run((server.address() as AddressInfo).port, () => knocked);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

Deno.test("ListenerWatch.isDeaf() knocks after a minute without a connection, and is content when that is heard", async () => {
  await withDoor(async (port, knocked) => {
    const clock = new TestClock();
    const watch = new ListenerWatch(clock, TIMES);
    watch.heard();
    await clock.advance(59_999);
    assert.equal(watch.isDeaf("127.0.0.1", port), false);
    await clock.advance(1);
    assert.equal(watch.isDeaf("127.0.0.1", port), false);
    await knocked();
    watch.heard();
    await clock.advance(59_999);
    assert.equal(watch.isDeaf("127.0.0.1", port), false);
    watch.stop();
  });
});

Deno.test("ListenerWatch.isDeaf() when its knock is not heard in time, once, and begins anew", async () => {
  await withDoor(async (port) => {
    const clock = new TestClock();
    const watch = new ListenerWatch(clock, TIMES);
    watch.heard();
    await clock.advance(60_000);
    assert.equal(watch.isDeaf("127.0.0.1", port), false);
    await clock.advance(4999);
    assert.equal(watch.isDeaf("127.0.0.1", port), false);
    await clock.advance(1);
    assert.equal(watch.isDeaf("127.0.0.1", port), true);
    assert.equal(watch.isDeaf("127.0.0.1", port), false);
    watch.stop();
  });
});

Deno.test("ListenerWatch.isDeaf() never, where no connection was ever told of", async () => {
  const clock = new TestClock();
  const watch = new ListenerWatch(clock, TIMES);
  await clock.advance(3_600_000);
  assert.equal(watch.isDeaf("127.0.0.1", 1), false);
});
