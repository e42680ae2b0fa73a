import assert from "node:assert/strict";
import { parseCalls } from "./stand_in.ts";

Deno.test("parseCalls() reads words and code of each call, and leaves out a line that is being written", () => {
  assert.deepEqual(parseCalls("/s /f /t 60 /c the battery ends = 0\r\n/s /t 45 = 1190\r\n/a = 0\n/a "), [
    { words: ["/s", "/f", "/t", "60", "/c", "the", "battery", "ends"], code: 0 },
    { words: ["/s", "/t", "45"], code: 1190 },
    { words: ["/a"], code: 0 },
  ]);
});
