import { deepEqual, equal } from "node:assert/strict";
import { POLL_MS, type PollView, viewOfPoll } from "./poll_view.ts";

const get = (name: string, ups = "ups") => ["GET", "VAR", ups, name];

Deno.test("viewOfPoll() answers charge, runtime and status of one poll from one moment", () => {
  const rows: readonly (readonly [name: string, words: readonly string[], atMs: number, seen: string])[] = [
    ["the status alone is of now", get("ups.status"), 0, "now"],
    ["the charge begins a poll", get("battery.charge"), 0, "now"],
  ];
  for (const [name, words, atMs, seen] of rows) {
    equal(viewOfPoll<string>(undefined, words, "ups", "now", atMs).seen, seen, name);
  }
  const poll: PollView<string> = { ups: "ups", atMonoMs: 0, seen: "then" };
  const later: readonly (readonly [name: string, words: readonly string[], atMs: number, seen: string])[] = [
    ["the runtime of the same poll", get("battery.runtime"), 10, "then"],
    ["in small letters too", ["get", "var", "ups", "battery.runtime"], 10, "then"],
    ["the status of the same poll", get("ups.status"), POLL_MS - 1, "then"],
    ["when its time is over", get("ups.status"), POLL_MS, "now"],
    ["another variable", get("ups.load"), 10, "now"],
    ["a list", ["LIST", "VAR", "ups"], 10, "now"],
  ];
  for (const [name, words, atMs, seen] of later) {
    const found = viewOfPoll(poll, words, "ups", "now", atMs);
    equal(found.seen, seen, name);
    deepEqual(found.poll, poll, name);
  }
  equal(viewOfPoll(poll, get("ups.status", "other"), "other", "now", 10).seen, "now", "of another UPS");
  deepEqual(viewOfPoll(poll, get("battery.charge"), "ups", "now", POLL_MS), {
    poll: { ups: "ups", atMonoMs: POLL_MS, seen: "now" },
    seen: "now",
  });
});
