import assert from "node:assert/strict";
import { isPrivateHost } from "./private_address.ts";

const own = [
  ["localhost", "127.0.0.1", "::1", "10.1.2.3", "192.168.0.9", "172.16.0.1", "172.31.255.1", "169.254.1.1"],
  [
    "fd00::1",
    "fe80::1",
    "pi.local",
    "nas.lan",
    "x.home.arpa",
    "a.internal",
    "::ffff:10.0.0.1",
    "::FFFF:127.0.0.1",
  ],
].flat();
const others = [
  ["example.com", "8.8.8.8", "172.15.0.1", "172.32.0.1", "2001:db8::1", "::11", "local", "lan", "1.10.0.1"],
  ["localhost.example.com", "10.example.com", "pi.lan.example.com", "::ffff:8.8.8.8", "fec0::1"],
].flat();

Deno.test("isPrivateHost() knows the addresses and names that stay in a house", () => {
  assert.deepEqual(own.filter((host) => !isPrivateHost(host)), []);
  assert.deepEqual(others.filter(isPrivateHost), []);
});
