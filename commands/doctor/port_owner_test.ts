import assert from "node:assert/strict";
import { listeningInodes, ownerOfPort } from "./port_owner.ts";

Deno.test("ownerOfPort() finds this process behind its own listener, and nobody behind a closed port", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  try {
    assert.equal(ownerOfPort(port)?.pid, Deno.pid);
  } finally {
    listener.close();
  }
  assert.equal(ownerOfPort(port), undefined);
});

Deno.test("listeningInodes() takes listeners alone, of IPv4 and IPv6", () => {
  const head =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
  const row = (local: string, state: string, inode: string) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100\n`;
  const table = head + row("0100007F:075B", "0A", "11") + row("0100007F:075B", "01", "12") +
    row("00000000000000000000000000000000:075B", "0A", "13") + row("0100007F:075C", "0A", "14");
  assert.deepEqual(listeningInodes(table, 1883), ["11", "13"]);
});
