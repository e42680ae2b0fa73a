import assert from "node:assert/strict";
import { createLogger, formatEntry, type LogEntry } from "./log.ts";

const entry = (fields: LogEntry["fields"], text = "TIMER START"): LogEntry => ({
  level: "notice",
  service: "policy_engine",
  text,
  fields,
});

Deno.test("formatEntry() quotes what has blanks, leaves out what is undefined", () => {
  assert.equal(
    formatEntry(entry({ device: "Study", soc: 9, reason: 'grid "gone"', agent: undefined })),
    'notice policy_engine TIMER START device=Study soc=9 reason="grid \\"gone\\""',
  );
});

Deno.test("formatEntry() keeps an injected line end inside its line", () => {
  const line = formatEntry(entry({ name: "a\nnotice policy_engine SHUTDOWN" }, "x\ny"));
  assert.equal(line.split("\n").length, 1);
});

Deno.test("createLogger() drops what is below its level", () => {
  const seen: string[] = [];
  const log = createLogger("s", "warn", ({ level }) => seen.push(level));
  for (const level of ["debug", "info", "notice", "warn", "error", "crit"] as const) log[level]("x");
  assert.deepEqual(seen, ["warn", "error", "crit"]);
});
