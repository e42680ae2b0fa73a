import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

Deno.test("deno task start keeps its state where STATE_DIRECTORY says, or STATE_DIR", {
  // The owner's own configuration would be read too.
  ignore: existsSync(join(ROOT, ".env")) || Deno.build.os === "windows",
}, async (t) => {
  for (const key of ["STATE_DIRECTORY", "STATE_DIR"]) {
    await t.step(key, async () => {
      const dir = Deno.makeTempDirSync();
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr;
      listener.close();
      const child = new Deno.Command(Deno.execPath(), {
        args: ["task", "--quiet", "start"],
        cwd: ROOT,
        env: {
          [key]: join(dir, "state"),
          ECOFLOW_CLOUD: "off",
          MQTT_EMBEDDED_PORT: String(port),
          NUT_LISTEN_HOST: "",
          NO_COLOR: "1",
        },
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      let text = "";
      const read = async (stream: ReadableStream<Uint8Array>) => {
        for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
          text += piece;
          if (/main READY/.test(text)) child.kill("SIGTERM");
        }
      };
      const limit = setTimeout(() => child.kill("SIGKILL"), 60_000);
      await Promise.all([read(child.stdout), read(child.stderr), child.status]);
      clearTimeout(limit);
      try {
        assert.match(text, /main READY/);
        assert.doesNotMatch(text, /NotCapable|at file:/, text);
        assert.ok(existsSync(join(dir, "state")), text);
      } finally {
        Deno.removeSync(dir, { recursive: true });
      }
    });
  }
});
