import assert from "node:assert/strict";
import { createServer } from "node:net";
import { cannotListenText } from "./cannot_listen.ts";

const DASHBOARD = {
  what: "the dashboard",
  host: "192.0.2.1",
  port: 8080,
  keys: { address: "DASHBOARD_LISTEN", port: "DASHBOARD_LISTEN" },
};
const coded = (code: string) => Object.assign(new Error(`listen ${code}: 192.0.2.1:8080`), { code });

for (
  const [name, error, wanted] of [
    [
      "taken",
      coded("EADDRINUSE"),
      /another program listens there .*:8080".*set DASHBOARD_LISTEN to another port$/,
    ],
    ["taken, by Deno's class", new Deno.errors.AddrInUse(), /another program listens there/],
    ["of another machine", coded("EADDRNOTAVAIL"), /no such address: set DASHBOARD_LISTEN to one of its own/],
    ["with a low port", coded("EACCES"), /one above 1023/],
    [
      "with another fault",
      new Error("odd"),
      /Cannot start the dashboard at 192\.0\.2\.1:8080: odd; see DASHBOARD/,
    ],
  ] as const
) {
  Deno.test(`cannotListenText() names the cure of an address ${name}`, () => {
    assert.match(cannotListenText(DASHBOARD, error), wanted);
  });
}

Deno.test("cannotListenText() names a further way out", () => {
  const text = cannotListenText({ ...DASHBOARD, or: "set MQTT_HOST" }, coded("EADDRINUSE"));
  assert.match(text, /another port, or set MQTT_HOST$/);
});

Deno.test("cannotListenText() knows what a real taken port answers", async () => {
  const first = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  first.listen(0, "127.0.0.1", resolve);
  await promise;
  const address = first.address();
  assert.ok(address !== null && typeof address === "object");
  try {
    const error = await new Promise<Error>((found) => {
      createServer().once("error", found).listen(address.port, "127.0.0.1");
    });
    assert.match(
      cannotListenText({ ...DASHBOARD, port: address.port }, error),
      /another program listens there/,
    );
    assert.throws(
      () => Deno.listen({ hostname: "127.0.0.1", port: address.port }),
      (cause: unknown) => /another program listens there/.test(cannotListenText(DASHBOARD, cause)),
    );
  } finally {
    await new Promise((done) => first.close(done));
  }
});
