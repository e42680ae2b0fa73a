import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Measured: 7 MB, and 16 MB with a buffer for each packet number. */
const MOST_BYTES = 11_000_000;

Deno.test("a client and a broker that have sent a packet hold no buffer for each packet number", async () => {
  const program = fileURLToPath(new URL("testdata/one_message.ts", import.meta.url));
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--v8-flags=--expose-gc",
      "--allow-net=127.0.0.1",
      "--allow-env",
      program,
    ],
  }).output();
  const bytes = Number(new TextDecoder().decode(stdout));
  assert.ok(bytes > 1_000_000, `no figure: ${new TextDecoder().decode(stderr)}`);
  assert.ok(bytes < MOST_BYTES, `the heap holds ${bytes} bytes, at most ${MOST_BYTES} wanted`);
});
