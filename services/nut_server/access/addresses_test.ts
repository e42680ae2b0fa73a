import { equal, match, ok } from "node:assert/strict";
import { BlockList, isIP } from "node:net";
import { AddressList, networkProblem } from "./addresses.ts";

Deno.test("networkProblem() knows addresses and networks from everything else", () => {
  for (const good of ["10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.1/32", "fd00::/8", "::1", "::1/128"]) {
    equal(networkProblem(good), undefined, good);
  }
  for (
    const bad of [
      "",
      "nas",
      "10.0.0",
      "10.0.0.0/33",
      "fd00::/129",
      "10.0.0.0/8/8",
      "10.0.0.0/",
      "10.0.0.0/x",
      "fe80::1%eth0",
    ]
  ) {
    match(networkProblem(bad) ?? "", /must be an address or a network/, bad);
  }
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

Deno.test("AddressList.has() answers as Node's BlockList, for 15,000 pairs around the borders of networks", () => {
  const addresses = [
    ...["0.0.0.0", "1.2.3.4", "1.2.3.5", "10.0.0.1", "127.255.255.255", "192.168.1.2", "255.255.255.255"],
    ...[
      "::",
      "::1",
      "::1.2.3.4",
      "::ffff:1.2.3.4",
      "::ffff:102:305",
      "::fffe:1.2.3.4",
      "fd00::1",
      "fd00:1::9",
      "FD00:1::9",
    ],
    ...[
      "1:2:3:4:5:6:7:8",
      "1:2:3:4:5:6:7::",
      "::2:3:4:5:6:7:8",
      "fe80::1",
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ],
  ];
  let [compared, inside] = [0, 0];
  for (const network of addresses) {
    const longest = isIP(network) === 4 ? 32 : 128;
    // A mapped network that holds more than all of IPv4: Node's answer depends on how it is written.
    for (let prefix = network.startsWith("::ffff:") ? 96 : 0; prefix <= longest; prefix++) {
      const list = new AddressList([`${network}/${prefix}`]);
      const node = new BlockList();
      node.addSubnet(network, prefix, longest === 32 ? "ipv4" : "ipv6");
      for (const address of addresses) {
        const wanted = node.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
        equal(list.has(address), wanted, `${address} in ${network}/${prefix}`);
        compared++;
        if (wanted) inside++;
      }
    }
  }
  ok(compared > 15_000 && inside > 3000, `${compared} ${inside}`);
});

Deno.test("AddressList.has() knows a neighbour on the same wire, whose address has a zone", () => {
  equal(new AddressList(["fe80::/10"]).has("fe80::1%eth0"), true);
  equal(new AddressList(["fe80::/10"]).has("fec0::1%eth0"), false);
});
