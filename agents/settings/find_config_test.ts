import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { AGENT_KEYS } from "./keys.ts";
import { findConfig } from "./find_config.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

async function agent(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-A", MAIN, ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return { code, text: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("") };
}

Deno.test("findConfig() takes the named file, says what to do about one that is not there, and else looks in both places", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = join(dir, "agent.env");
    assert.equal(findConfig(undefined, path), undefined);
    assert.throws(
      () => findConfig(path, "/none"),
      /there is no such file; make one with: ecoflow-agent pair --env/,
    );
    Deno.writeTextFileSync(path, "AGENT_ID=pc\n");
    assert.deepEqual(findConfig(path, "/none"), { name: path, text: "AGENT_ID=pc\n" });
    assert.deepEqual(findConfig(undefined, path)?.name, path);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("an agent that was never paired names both places and pair, and nothing is wider than 80 columns", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    for (const command of ["run", "check", "doctor"]) {
      const { code, text } = await agent(dir, command);
      assert.equal(code, 78, text);
      assert.match(
        text.replaceAll(/\s+/g, " "),
        /neither \.env here nor .* Make one with: ecoflow-agent pair/,
      );
      for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    }
    for (const command of ["--help", "settings"]) {
      const { code, text } = await agent(dir, command);
      assert.equal(code, 0);
      if (command === "settings") {
        for (const key of Object.keys(AGENT_KEYS)) assert.ok(text.includes(key), key);
      }
      for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
