import assert from "node:assert/strict";
import { openSdNotify, watchdogIntervalMs } from "./sd_notify.ts";

/** Windows has neither systemd nor its kind of socket. */
const ON_UNIX = { ignore: Deno.build.os === "windows" };

for (const address of ["file", "abstract"] as const) {
  Deno.test(`openSdNotify() sends to a real ${address} socket`, ON_UNIX, async () => {
    const dir = Deno.makeTempDirSync();
    const name = address === "file" ? `${dir}/notify` : `@ecoflow-test-${crypto.randomUUID()}`;
    const listener = Deno.listenDatagram({ transport: "unixpacket", path: name.replace(/^@/, "\0") });
    const systemd = openSdNotify(name, `${dir}/own`);
    try {
      systemd.send("READY=1");
      const [bytes] = await listener.receive();
      assert.equal(new TextDecoder().decode(bytes), "READY=1");
    } finally {
      systemd.close();
      listener.close();
      Deno.removeSync(dir, { recursive: true });
    }
  });
}

Deno.test(
  "openSdNotify() takes the second path when the first cannot be written, and says when none can",
  ON_UNIX,
  async () => {
    const dir = Deno.makeTempDirSync();
    const listener = Deno.listenDatagram({ transport: "unixpacket", path: `${dir}/notify` });
    const systemd = openSdNotify(`${dir}/notify`, `${dir}/none/own`, `${dir}/own`);
    try {
      systemd.send("READY=1");
      await listener.receive();
      assert.throws(
        () => openSdNotify(`${dir}/notify`, `${dir}/none/own`),
        /Cannot open a way to systemd at .*none\/own: /,
      );
    } finally {
      systemd.close();
      listener.close();
      Deno.removeSync(dir, { recursive: true });
    }
  },
);

Deno.test("openSdNotify() ends even when its own path cannot be removed any more", ON_UNIX, () => {
  const dir = Deno.makeTempDirSync();
  try {
    const systemd = openSdNotify(`${dir}/notify`, `${dir}/own`);
    // As root nothing is forbidden, so something that cannot be removed lies there.
    Deno.removeSync(`${dir}/own`);
    Deno.mkdirSync(`${dir}/own/full`, { recursive: true });
    systemd.close();
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("openSdNotify() without a socket does nothing", () => {
  const systemd = openSdNotify(undefined, "/nowhere/own");
  systemd.send("READY=1");
  systemd.close();
});

const rows: readonly [usec: string | undefined, intervalMs: number | undefined][] = [
  ["30000000", 15_000],
  [undefined, undefined],
  ["", undefined],
  ["0", undefined],
  ["x", undefined],
];
for (const [usec, intervalMs] of rows) {
  Deno.test(`watchdogIntervalMs() of ${usec} is ${intervalMs}`, () => {
    assert.equal(watchdogIntervalMs(usec), intervalMs);
  });
}
