/** A process that has no file descriptor left must not stay deaf for ever. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../lib/time/clock.ts";

const SCRIPT = fileURLToPath(new URL("../testdata/scarce_server.ts", import.meta.url));

const ignore = Deno.build.os === "windows";

Deno.test(
  "DashboardServer listens again after its file descriptors were used up, and keeps its time limits",
  { ignore },
  async () => {
    const clock = systemClock();
    const child = new Deno.Command("sh", {
      args: ["-c", 'ulimit -n 60; exec "$@"', "sh", Deno.execPath(), "run", "--quiet", "--allow-all", SCRIPT],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    const port = Number(new TextDecoder().decode((await reader.read()).value));
    // Deno takes some descriptors of its own late, and gives up without them.
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "");
    await clock.sleep(2000);
    const crowd = Array.from({ length: 80 }, () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      return socket;
    });
    try {
      await clock.sleep(1000);
      for (const socket of crowd) socket.destroy();
      let answer = "";
      for (let i = 0; i < 30 && answer === ""; i++) {
        await clock.sleep(300);
        const signal = AbortSignal.timeout(1000);
        answer = await fetch(`http://127.0.0.1:${port}/`, { signal }).then((reply) => reply.text(), () => "");
      }
      assert.match(answer, /LISTENER TOOK NO CONNECTIONS/);
      const begun = clock.monoMs();
      const half = connect(port, "127.0.0.1");
      half.write("GET / HT");
      half.resume();
      await new Promise((resolve) => half.once("close", resolve));
      assert.ok(clock.monoMs() - begun < 9000);
    } finally {
      await reader.cancel();
      child.kill("SIGKILL");
      await child.status;
    }
  },
);
