import assert from "node:assert/strict";
import { magicPacket, udpWake } from "./wake_on_lan.ts";

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

Deno.test("udpWake() sends the packet to its target", async () => {
  const listener = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  try {
    const { port } = listener.addr as Deno.NetAddr;
    const heard = listener.receive();
    await udpWake({ hostname: "127.0.0.1", port })("01:23:45:67:89:ab");
    assert.deepEqual((await heard)[0], magicPacket("01:23:45:67:89:ab"));
  } finally {
    listener.close();
  }
});
