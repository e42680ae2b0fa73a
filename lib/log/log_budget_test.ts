import assert from "node:assert/strict";
import type { LogEntry } from "./log.ts";
import { budgeted, KEYS_LIMIT, REFUSED_BUDGET, REFUSED_TITLE_BUDGET, TITLE_BUDGET } from "./log_budget.ts";

function log() {
  const lines: LogEntry[] = [];
  let nowMs = 0;
  const sink = budgeted((entry) => lines.push(entry), () => nowMs);
  const write = (level: LogEntry["level"], text: string, fields: LogEntry["fields"] = {}) =>
    sink({ level, service: "s", text, fields });
  return { lines, write, wait: (ms: number) => nowMs += ms };
}

Deno.test("budgeted() writes a flood of one sender's refusals ten times, then once a minute, and says how many it left out", () => {
  const { lines, write, wait } = log();
  // 42 s of a flood, as it was measured: 36,618 lines.
  for (let i = 0; i < 36_618; i++) {
    write("warn", "INPUT REFUSED", { text: 'Cannot read MQTT topic "power-manager/evil/ack": no' });
    wait(42_000 / 36_618);
  }
  assert.equal(lines.length, REFUSED_BUDGET.burst);
  wait(REFUSED_BUDGET.everyMs);
  write("warn", "INPUT REFUSED", { text: 'Cannot read MQTT topic "power-manager/evil/ack": no' });
  assert.equal(lines.at(-1)?.fields.left_out, 36_618 - REFUSED_BUDGET.burst);
});

Deno.test("budgeted() leaves another sender's refusals and other lines alone", () => {
  const { lines, write } = log();
  for (let i = 0; i < 5000; i++) write("warn", "PAYLOAD REFUSED", { topic: "power-manager/evil/ack" });
  const before = lines.length;
  write("warn", "PAYLOAD REFUSED", { topic: "power-manager/good/ack" });
  write("notice", "GRID LOST", { device: "Study" });
  assert.equal(lines.length, before + 2);
});

Deno.test("budgeted() holds against invented senders", () => {
  const { lines, write } = log();
  for (let i = 0; i < 10 * KEYS_LIMIT; i++) {
    write("warn", "PAYLOAD REFUSED", { topic: `power-manager/n${i}/ack` });
  }
  assert.equal(lines.length, REFUSED_TITLE_BUDGET.burst);
  for (let i = 0; i < 10 * KEYS_LIMIT; i++) write("notice", `title ${i}`);
  assert.ok(lines.length < REFUSED_TITLE_BUDGET.burst + KEYS_LIMIT + TITLE_BUDGET.burst);
});

Deno.test("budgeted() writes every line of a house with 900 stations, and every shutdown of one with 5000", () => {
  const { lines, write } = log();
  for (let i = 0; i < 900; i++) write("warn", "TIMER START", { device: `d${i}` });
  assert.equal(lines.length, 900);
  for (let i = 0; i < 5000; i++) write("crit", "SHUTDOWN SENT", { agent: `a${i}` });
  assert.equal(lines.length, 5900);
});

Deno.test("budgeted() writes the refusal of another user from the same address", () => {
  const { lines, write } = log();
  for (let i = 0; i < 50; i++) write("warn", "LOGIN REFUSED", { user: "stranger", address: "192.168.1.9" });
  const before = lines.length;
  assert.equal(before, REFUSED_BUDGET.burst);
  write("warn", "LOGIN REFUSED", { user: "pve", address: "192.168.1.9" });
  assert.equal(lines.length, before + 1);
});
