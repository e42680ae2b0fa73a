import assert from "node:assert/strict";
import { ApiHosts } from "./api_hosts.ts";

Deno.test("ApiHosts.order begins as configured, each host once", () => {
  assert.deepEqual(new ApiHosts(["a", "b", "a", "c"]).order, ["a", "b", "c"]);
});

Deno.test("ApiHosts.accept() brings the host to the front and keeps the rest in order", () => {
  const hosts = new ApiHosts(["a", "b", "c"]);
  hosts.accept("c");
  assert.deepEqual(hosts.order, ["c", "a", "b"]);
});

Deno.test("ApiHosts.postpone() brings the host to the end, so that all take their turn", () => {
  const hosts = new ApiHosts(["a", "b", "c"]);
  const first = Array.from({ length: 4 }, () => {
    const [host = ""] = hosts.order;
    hosts.postpone(host);
    return host;
  });
  assert.deepEqual(first, ["a", "b", "c", "a"]);
  hosts.postpone("unknown");
  assert.deepEqual(hosts.order, ["b", "c", "a"]);
});
