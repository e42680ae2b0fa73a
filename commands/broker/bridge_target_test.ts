import assert from "node:assert/strict";
import {
  BridgeInputError,
  parseBridgePassword,
  parseBridgeTarget,
  parseBridgeUser,
  parseSiteName,
} from "./bridge_target.ts";

const good: readonly [string, string, number][] = [
  ["mqtts://cluster.example.com", "cluster.example.com", 8883],
  ["mqtts://cluster:1", "cluster", 1],
  ["mqtts://10.0.0.7:65535/", "10.0.0.7", 65_535],
  ["MQTTS://a-b.c:8884", "a-b.c", 8884],
];
for (const [text, host, port] of good) {
  Deno.test(`parseBridgeTarget() reads ${text}`, () => {
    assert.deepEqual(parseBridgeTarget(text), { host, port });
  });
}

const bad: readonly [string, RegExp][] = [
  ["mqtt://cluster", /must be mqtts:\/\/HOST.*found "mqtt:\/\/cluster", which has no TLS/],
  ["cluster", /must be mqtts:\/\/HOST or mqtts:\/\/HOST:PORT, found "cluster"/],
  ["https://cluster", /found "https:\/\/cluster"/],
  ["mqtts://cluster:0", /the port must be 1 to 65535, found 0/],
  ["mqtts://cluster:65536", /the port must be 1 to 65535, found 65536/],
  ["mqtts://cluster/path", /must be/],
  ["mqtts://clus ter", /must be/],
  ["mqtts://cluster\naddress evil", /must be/],
  ["mqtts://-x", /must be/],
  ["mqtts://[::1]:8883", /an IPv6 address: give it a name/],
  ["mqtts://", /must be/],
  ["", /must be/],
];
for (const [text, wanted] of bad) {
  Deno.test(`parseBridgeTarget() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseBridgeTarget(text),
      (error) => error instanceof BridgeInputError && wanted.test(error.message),
    );
  });
}

Deno.test("parseBridgeTarget() refuses a login in the address, and does not repeat it", () => {
  assert.throws(() => parseBridgeTarget("mqtts://me:geheim@cluster"), (error) => {
    assert.ok(error instanceof BridgeInputError);
    assert.match(error.message, /--pass-file/);
    return !error.message.includes("geheim");
  });
});

Deno.test("parseSiteName() takes one level of a topic and nothing else", () => {
  for (const name of ["a", "home-1", "Site_2", "x".repeat(64)]) assert.equal(parseSiteName(name), name);
  for (
    const name of [
      "",
      "x".repeat(65),
      "a/b",
      "+",
      "#",
      "$SYS",
      "a b",
      "-a",
      "a-",
      "a.b",
      "ü",
      "a\nb",
      "a\u0000",
    ]
  ) {
    assert.throws(() => parseSiteName(name), /must be 1 to 64 letters/, name);
  }
});

Deno.test("parseBridgeUser() and parseBridgePassword() take one line; no text quotes the password", () => {
  assert.equal(parseBridgeUser("vhost:site 1"), "vhost:site 1");
  for (const user of ["", " a", "a\nremote_password x"]) {
    assert.throws(() => parseBridgeUser(user), /one line/);
  }
  assert.equal(parseBridgePassword("p w#\n", "/f"), "p w#");
  assert.equal(parseBridgePassword("pw\r\n", "/f"), "pw");
  for (
    const text of [
      "",
      "\n",
      "geheim\ntopic # both",
      " geheim",
      "geheim ",
      "geheim\n\n",
      "geheim\uFFFD",
      "geheim\uFFFE",
    ]
  ) {
    assert.throws(
      () => parseBridgePassword(text, "/f"),
      (error) =>
        error instanceof BridgeInputError && /"\/f": must be 1 to 1024/.test(error.message) &&
        !error.message.includes("geheim"),
    );
  }
  assert.throws(() => parseBridgePassword("\n", "/f"), /found nothing/);
});
