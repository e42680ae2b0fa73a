/** The table of keys and the loader that reads them must say the same. */
import assert from "node:assert/strict";
import type { KeySpec } from "../../lib/config/key_spec.ts";
import { ConfigError } from "../../lib/errors.ts";
import { loadAgentConfig } from "./config.ts";
import { AGENT_KEYS } from "./keys.ts";
import { linuxPlatform } from "../platform/linux.ts";

/** Problems that name the key, with this text behind it. */
function problemsWith(key: string, text: string): string[] {
  const given: Record<string, string> = { AGENT_ID: "pc", MQTT_HOST: "broker", [key]: text };
  try {
    loadAgentConfig({
      platform: linuxPlatform(true),
      defaultStateDir: "/state",
      file: { name: "agent.env", text: Object.entries(given).map(([k, v]) => `${k}='${v}'\n`).join("") },
      environment: {},
      isRoot: true,
      readFile: () => {
        throw new Error("no such file");
      },
    });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.filter((problem) => problem.includes(key));
  }
}

for (const [key, spec] of Object.entries<KeySpec>(AGENT_KEYS)) {
  Deno.test(`loadAgentConfig() takes of ${key} what its table says, and no more`, () => {
    const takes = (text: string) => assert.deepEqual(problemsWith(key, text), [], text);
    const refuses = (text: string) => assert.equal(problemsWith(key, text).length, 1, text);
    if (spec.kind === "integer") {
      [spec.min, spec.max, spec.default ?? spec.min].forEach((value) => takes(String(value)));
      [spec.min - 1, spec.max + 1, "x"].forEach((value) => refuses(String(value)));
    } else if (spec.kind === "choice") {
      spec.choices.forEach(takes);
      refuses("perhaps");
    } else if (spec.kind === "switch") {
      ["on", "off"].forEach(takes);
      refuses("perhaps");
    } else assert.ok(["text"].includes(spec.kind));
  });
}

Deno.test("loadAgentConfig() has the defaults that the table says", () => {
  const { rehearsal, allowUnsigned, shutdownDelaySec, aloneAfterSec, logLevel, roots, broker, commands } =
    loadAgentConfig({
      platform: linuxPlatform(true),
      defaultStateDir: "/state",
      file: { name: "agent.env", text: "AGENT_ID=pc\nMQTT_HOST=broker\nPRE_SHUTDOWN_CMD_1=x\n" },
      environment: {},
      isRoot: true,
      readFile: () => {
        throw new Error("no such file");
      },
    });
  assert.equal(rehearsal, AGENT_KEYS.REHEARSAL.default);
  assert.equal(allowUnsigned, AGENT_KEYS.ALLOW_UNSIGNED.default);
  assert.equal(shutdownDelaySec, AGENT_KEYS.SHUTDOWN_DELAY_SEC.default);
  assert.equal(aloneAfterSec, AGENT_KEYS.ALONE_AFTER_SEC.default);
  assert.equal(logLevel, AGENT_KEYS.LOG_LEVEL.default);
  assert.equal(roots.manager, AGENT_KEYS.POWER_MANAGER_BASE.default);
  assert.equal(broker.tls !== undefined, AGENT_KEYS.MQTT_TLS.default);
  assert.equal(commands.before[0]?.limitMs, AGENT_KEYS.PRE_SHUTDOWN_LIMIT_SEC.default * 1000);
  assert.equal(commands.before[0]?.onFailure, AGENT_KEYS.PRE_SHUTDOWN_ON_FAILURE.default);
});
