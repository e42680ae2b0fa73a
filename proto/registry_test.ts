import assert from "node:assert/strict";
import { outsideFacts } from "../lib/testdata/outside_facts.ts";
import { dispatchOf, FAMILIES, isFamily, loadFamily, messageName } from "./registry.ts";

Deno.test("loadFamily() loads every family with each message of its dispatch table", async () => {
  for (const family of FAMILIES) {
    const { schema } = await loadFamily(family);
    for (const { message } of dispatchOf(family)) assert.ok(schema.has(message), `${family} ${message}`);
  }
});

Deno.test("messageName() knows pairs and leaves the others unknown", () => {
  assert.equal(messageName("river3", 254, 21), "DisplayPropertyUpload");
  assert.equal(messageName("river3", 32, 50), "BMSHeartBeatReport");
  assert.equal(messageName("deltaproultra", 2, 4), "BpInfoReport");
  assert.equal(messageName("smartplug", 2, 1), "plug_heartbeat_pack");
  const neverSeen = [[3, 1], [3, 2], [3, 30], [3, 50], [32, 1], [32, 3], [32, 51], [32, 52], [254, 24], [
    254,
    30,
  ]];
  for (const [func = 0, id = 0] of neverSeen) assert.equal(messageName("river3", func, id), undefined);
  assert.equal(messageName("stream", 254, 39), "Stream5000Report");
  assert.equal(messageName("stream", 254, 40), undefined);
});

const { url, ignore } = outsideFacts("protocol/messages.json");
Deno.test("dispatchOf() agrees with the protocol facts", { ignore }, async () => {
  const { families } = JSON.parse(await Deno.readTextFile(url)) as {
    families: Record<string, { dispatch: { cmd_func: number; cmd_id: number; message: string }[] }>;
  };
  assert.deepEqual(Object.keys(families), FAMILIES);
  for (const family of FAMILIES) {
    const facts = families[family]?.dispatch ?? [];
    for (const { cmdFunc, cmdId, message } of dispatchOf(family)) {
      // The one message that the facts do not have: scripts/gen/proto/additions.ts.
      if (message === "Stream5000Report") continue;
      const fact = facts.find((f) => f.cmd_func === cmdFunc && f.cmd_id === cmdId);
      assert.equal(fact?.message.split(" ")[0], message, `${family} ${cmdFunc}/${cmdId}`);
    }
  }
});

Deno.test("isFamily() knows the protobuf families only", () => {
  assert.equal(isFamily("delta3"), true);
  assert.equal(isFamily("delta2"), false);
  assert.equal(isFamily("toString"), false);
});

Deno.test("loadFamily() works in a worker without any permission", async () => {
  const worker = new Worker(new URL("./testdata/no_permission_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
  try {
    const answer = await new Promise((resolve, reject) => {
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage("go");
    });
    assert.deepEqual(answer, FAMILIES.length);
  } finally {
    worker.terminate();
  }
});
