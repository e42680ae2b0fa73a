/** What is said before anything is configured, and at a narrow terminal: by the real program in a fresh clone. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "./table.ts";
import { fileErrorText } from "./terminal/file_error.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Commands that need a configuration, as they are typed without one. */
const WITHOUT: readonly string[][] = [["run"], ["doctor"], ["check"], ["devices"], ["keys", "list"]];

async function run(cwd: string, command: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(command[0] ?? "", {
    args: command.slice(1),
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, text: text(stdout) + text(stderr) };
}

const PROGRAM = [Deno.execPath(), "run", "--quiet", "--no-check", "-A"];

Deno.test("a fresh clone without .env names it and setup, whatever is asked, in words that can be typed there", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const cloned = await run(dir, ["git", "clone", "--quiet", "--shared", ROOT, "clone"]);
    assert.equal(cloned.code, 0, cloned.text);
    const clone = join(dir, "clone");
    for (const args of WITHOUT) {
      const { code, text } = await run(clone, [...PROGRAM, "main.ts", ...args]);
      assert.equal(code, 78, text);
      const said = text.replaceAll(/\s+/g, " ");
      assert.match(said, /neither \.env nor \/etc\/ecoflow-power\/ecoflow-power\.env/, args.join(" "));
      assert.match(said, /Make one with: deno task setup/);
      for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    }
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

/** Commands that speak to the running daemon. */
const BESIDE: readonly string[][] = [["drill", "--all"], ["devices"], ["record", "--sn", "R651ZEB4"], [
  "feed",
], [
  "doctor",
]];

for (
  const [name, env, wanted] of [
    ["no daemon", "", /the daemon does not run; start it: deno task start/],
    ["no broker", "MQTT_HOST=127.0.0.1\nMQTT_PORT=9\n", /is Mosquitto there\? .*see MQTT_HOST and MQTT_PORT/],
  ] as const
) {
  Deno.test(`with ${name}, whatever asks it says what to do, and is no fault of the program`, async () => {
    const dir = Deno.makeTempDirSync();
    try {
      const lines = env === "" ? "MQTT_EMBEDDED_PORT=9\n" : env;
      Deno.writeTextFileSync(join(dir, ".env"), `ECOFLOW_CLOUD=off\n${lines}`, { mode: 0o600 });
      for (const args of BESIDE) {
        const { code, text } = await run(dir, [...PROGRAM, join(ROOT, "main.ts"), ...args]);
        assert.equal(code, 1, `${args[0]}: ${text}`);
        assert.match(text.replaceAll(/\s+/g, " "), wanted);
        assert.doesNotMatch(text, /Uncaught|\n +at /);
      }
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
}

Deno.test("a configuration that is named and not there is named, with the command that makes one", async () => {
  const { code, text } = await run("/", [...PROGRAM, join(ROOT, "main.ts"), "run", "--env", "/none/x.env"]);
  assert.equal(code, 78, text);
  assert.match(
    text.replaceAll(/\s+/g, " "),
    /Cannot read "\/none\/x\.env", which --env names: there is no such file\. Make one with: deno task setup --env \/none\/x\.env/,
  );
});

Deno.test("main() --help of everything fits 80 columns, with its words whole", async () => {
  const all = [[], ...COMMANDS.map(({ name }) => [name])];
  for (const args of all) {
    const { code, text } = await run(ROOT, [...PROGRAM, "main.ts", ...args, "--help"]);
    assert.equal(code, 0);
    for (const line of text.split("\n")) assert.ok(line.length <= 80, `${args}: ${line}`);
  }
});

Deno.test("a complaint at a terminal breaks between words", async () => {
  const typed = [...PROGRAM, join(ROOT, "main.ts"), "explode"].join(" ");
  const { text } = await run("/", ["script", "--quiet", "--return", "--command", typed, "/dev/null"]);
  assert.match(text.replaceAll(/\s+/g, " "), /Cannot run "explode": must be one of run, setup, check/);
  for (const line of text.split(/\r?\n/)) assert.ok(line.length <= 80, line);
});

for (
  const [name, error, wanted] of [
    [
      "a denied file of another user",
      new Deno.errors.PermissionDenied('open "x"'),
      /try the same with sudo$/,
    ],
    ["the system's own words", new Error("Permission denied (os error 13)"), /try the same with sudo$/],
    ["Node's words", new Error("EACCES: permission denied, open 'x'"), /try the same with sudo$/],
    ["a missing file", new Deno.errors.NotFound('open "x"'), /^open "x"$/],
  ] as const
) {
  Deno.test(`fileErrorText() of ${name}`, () => assert.match(fileErrorText(error), wanted));
}
