import assert from "node:assert/strict";
import { broadcastsOf, magicPacket, udpWake } from "./wake_on_lan.ts";

Deno.test("magicPacket() is 102 bytes: six of 255 and the address sixteen times", () => {
  for (const mac of ["01:23:45:67:89:ab", "01-23-45-67-89-AB"]) {
    const packet = magicPacket(mac);
    assert.equal(packet.length, 102);
    assert.deepEqual([...packet.slice(0, 12)], [
      255,
      255,
      255,
      255,
      255,
      255,
      1,
      0x23,
      0x45,
      0x67,
      0x89,
      0xab,
    ]);
    assert.deepEqual([...packet.slice(96)], [1, 0x23, 0x45, 0x67, 0x89, 0xab]);
  }
});

for (const mac of ["", "01:23:45:67:89", "01:23:45:67:89:zz", "01:23:45:67:89:ab:cd"]) {
  Deno.test(`magicPacket() refuses "${mac}"`, () =>
    assert.throws(() => magicPacket(mac), /must be six hex pairs/));
}

const networks: readonly [address: string, netmask: string, broadcast: string | undefined][] = [
  ["192.168.1.7", "255.255.255.0", "192.168.1.255"],
  ["10.9.1.1", "255.255.0.0", "10.9.255.255"],
  ["192.168.1.130", "255.255.255.128", "192.168.1.255"],
  ["172.16.4.1", "255.255.252.0", "172.16.7.255"],
  ["127.0.0.1", "255.0.0.0", undefined],
  ["10.8.0.2", "255.255.255.255", undefined],
  ["10.8.0.2", "255.255.255.254", undefined],
];
for (const [address, netmask, broadcast] of networks) {
  Deno.test(`broadcastsOf() finds ${broadcast ?? "none"} for ${address} of ${netmask}`, () => {
    assert.deepEqual(broadcastsOf([{ family: "IPv4", address, netmask }]), broadcast ? [broadcast] : []);
  });
}

Deno.test("broadcastsOf() names each network once, and leaves IPv6 out", () => {
  const own = [
    { family: "IPv4", address: "192.168.1.7", netmask: "255.255.255.0" },
    { family: "IPv4", address: "192.168.1.8", netmask: "255.255.255.0" },
    { family: "IPv6", address: "fe80::1", netmask: "ffff:ffff:ffff:ffff::" },
    { family: "IPv4", address: "10.0.0.1", netmask: "255.255.255.0" },
  ];
  assert.deepEqual(broadcastsOf(own), ["192.168.1.255", "10.0.0.255"]);
});

Deno.test("udpWake() sends to the address that is named, and fails when it cannot", async () => {
  const listener = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    const { port } = listener.addr as Deno.NetAddr;
    const ownAddresses = () => {
      throw new Error("nobody knows");
    };
    const wake = udpWake({ ownAddresses, port });
    const heard = listener.receive();
    await wake("01:23:45:67:89:ab", "127.0.0.1");
    assert.deepEqual((await heard)[0], magicPacket("01:23:45:67:89:ab"));
    await assert.rejects(wake("01:23:45:67:89:ab", "no such host.invalid"));
  } finally {
    listener.close();
  }
});
