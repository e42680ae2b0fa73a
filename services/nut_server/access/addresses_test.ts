import { equal, match } from "node:assert/strict";
import { AddressList, networkProblem, plainAddress } from "./addresses.ts";

Deno.test("networkProblem() knows addresses and networks from everything else", () => {
  for (const good of ["10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.1/32", "fd00::/8", "::1", "::1/128"]) {
    equal(networkProblem(good), undefined, good);
  }
  for (
    const bad of ["", "nas", "10.0.0", "10.0.0.0/33", "fd00::/129", "10.0.0.0/8/8", "10.0.0.0/", "10.0.0.0/x"]
  ) {
    match(networkProblem(bad) ?? "", /must be an address or a network/, bad);
  }
});

Deno.test("plainAddress() undoes the mapping of IPv4 into IPv6", () => {
  equal(plainAddress("::ffff:192.168.1.2"), "192.168.1.2");
  equal(plainAddress("fd00::2"), "fd00::2");
});

Deno.test("AddressList.has() keeps to the borders of a network", () => {
  const list = new AddressList(["192.168.1.64/26", "10.1.1.1", "fd00:1::/32"]);
  for (const inside of ["192.168.1.64", "192.168.1.127", "10.1.1.1", "fd00:1::9"]) {
    equal(list.has(inside), true, inside);
  }
  for (const outside of ["192.168.1.63", "192.168.1.128", "10.1.1.2", "fd00:2::9", "nonsense", ""]) {
    equal(list.has(outside), false, outside);
  }
  equal(new AddressList([]).has("10.0.0.1"), false);
});
