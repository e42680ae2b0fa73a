/** A fault of this program in one client's line, or in one thing to tell, stops neither that client nor the others. */
import assert from "node:assert/strict";
import { createHealth } from "../../lib/health.ts";
import type { AgentStatus } from "../../lib/messages/agent/status.ts";
import { memoryLog } from "../../lib/testing.ts";
import { TestClock } from "../../lib/time/test_clock.ts";
import { Isolation } from "../../lib/workers/isolation.ts";
import { Announcer } from "./announcer.ts";
import { LineClient } from "./testdata/line_client.ts";
import { ONLINE, startHouse, TOPICS } from "./testdata/test_house.ts";
import { UpsRegistry } from "./ups_registry.ts";

Deno.test("NutService answers DATA-STALE to a line on which it fails, keeps the connection, and says so", async () => {
  const house = await startHouse();
  const { line } = UpsRegistry.prototype;
  UpsRegistry.prototype.line = function (id, words, nowMonoMs) {
    if (words[0] === "VER") throw new Error("a fault for the test");
    return line.call(this, id, words, nowMonoMs);
  };
  const [one, other] = [await LineClient.connect(house.port), await LineClient.connect(house.port)];
  try {
    house.state(ONLINE);
    assert.deepEqual(await one.ask("VER"), ["ERR DATA-STALE"]);
    assert.match(house.log.text(), /PART FAILED.*a fault for the test/);
    assert.deepEqual(house.health().map(({ code }) => code).filter((code) => code === "part_failed"), [
      "part_failed",
    ]);
    assert.deepEqual(await one.ask("GET VAR ups ups.status"), ['VAR ups ups.status "OL CHRG"']);
    assert.deepEqual(await other.ask("GET VAR ups ups.status"), ['VAR ups ups.status "OL CHRG"']);
    assert.ok(!house.health().some(({ code }) => code === "part_failed"), "it works again");
  } finally {
    UpsRegistry.prototype.line = line;
    one.close();
    other.close();
    await house.stop();
  }
});

Deno.test("Announcer tells the second presence though the first throws", () => {
  const [clock, log, health] = [new TestClock(), memoryLog(), createHealth()];
  const published: string[] = [];
  const publish = (topic: string) => Promise.resolve(void published.push(topic));
  const bus = { publish, subscribe: () => {}, onLink: () => {} };
  const announcer = new Announcer(
    { bus, clock, log, name: "nut_server" },
    TOPICS,
    new Isolation({ clock, log, health }, "part_failed"),
  );
  const status = (agent: string): AgentStatus => ({ agent, online: true });
  const broken = {
    agent: "nas",
    get online(): boolean {
      throw new Error("a fault for the test");
    },
  };
  announcer.tell([{ kind: "presence", status: broken }, { kind: "presence", status: status("pc") }]);
  assert.deepEqual(published, [TOPICS.agentStatus("pc")]);
  assert.match(log.text(), /PART FAILED.*host \\?"nas/);
  assert.deepEqual(health.list().map(({ code }) => code), ["part_failed"]);
});
