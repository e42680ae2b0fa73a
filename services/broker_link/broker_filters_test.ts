import assert from "node:assert/strict";
import { BrokerFilters } from "./broker_filters.ts";

function connected(hasSession = false): BrokerFilters {
  const filters = new BrokerFilters();
  filters.connected(hasSession);
  return filters;
}

Deno.test("BrokerFilters: in a session of an earlier process the broker must forget each filter first, once", () => {
  const filters = connected(true);
  assert.equal(filters.subscribe("s/+", true), true);
  assert.equal(filters.subscribe("s/+", true), false);
  assert.equal(filters.subscribe("t/+", false), true);
  filters.connected(true);
  assert.equal(filters.subscribe("s/+", true), false);
  assert.equal(filters.subscribe("u", true), true);
});

Deno.test("BrokerFilters: in a new session nothing is to be forgotten, until a filter is wanted otherwise", () => {
  const filters = connected();
  assert.equal(filters.subscribe("s/+", true), false);
  assert.equal(filters.subscribe("s/+", false), true);
  assert.equal(filters.subscribe("s/+", false), false);
  filters.connected(true);
  assert.equal(filters.subscribe("s/+", true), true);
  filters.connected(false);
  assert.equal(filters.subscribe("s/+", false), false);
});

Deno.test("BrokerFilters: where nothing of our own is heard nothing is forgotten, until that changes", () => {
  for (const hasSession of [true, false]) {
    const filters = connected(hasSession);
    assert.equal(filters.isOther("s/+", true), false, "it is not subscribed to");
    assert.equal(filters.subscribe("s/+", false, false), false);
    assert.equal(filters.subscribe("s/+", false, false), false);
    assert.equal(filters.isOther("s/+", false), hasSession, "nobody knows what the earlier process made");
    assert.equal(filters.isOther("s/+", true), true);
    assert.equal(filters.subscribe("s/+", true), true);
    assert.equal(filters.isOther("s/+", true), false);
    filters.connected(true);
    assert.equal(filters.isOther("s/+", false), false);
  }
});

Deno.test("BrokerFilters: in doubt each is made anew once", () => {
  const filters = connected();
  filters.subscribe("s/+", true);
  filters.doubt();
  assert.equal(filters.subscribe("s/+", true), true);
  assert.equal(filters.subscribe("s/+", true), false);
});

Deno.test("BrokerFilters: kept is older than what was handed over since the last subscription that covers its topic", () => {
  const filters = connected();
  filters.subscribe("s/+", true);
  assert.equal(filters.isOutdated("s/a"), false);
  const sentAt = filters.send();
  assert.equal(filters.isOutdated("s/a"), false, "it is not handed over yet");
  filters.handedOver("s/a", sentAt);
  assert.equal(filters.isOutdated("s/a"), true);
  assert.equal(filters.isOutdated("s/b"), false);
  filters.subscribe("t/+", true);
  assert.equal(filters.isOutdated("s/a"), true);
  filters.subscribe("#", true);
  assert.equal(filters.isOutdated("s/a"), false);
  // Sent before that subscription, acknowledged after it.
  filters.handedOver("s/a", sentAt);
  assert.equal(filters.isOutdated("s/a"), false);
  filters.handedOver("s/a", filters.send());
  assert.equal(filters.isOutdated("s/a"), true);
  filters.connected(true);
  assert.equal(filters.isOutdated("s/a"), false);
});
