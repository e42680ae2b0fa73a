/** Completion in the shells themselves. */
import assert from "node:assert/strict";
import { completionFor, optionsOf } from "./completion.ts";
import { COMMANDS } from "./table.ts";

Deno.test("optionsOf() reads a help's lines, and what only the summary names", () => {
  const help = "  --env FILE   the configuration\n  --renew      issue a new one: now\n";
  assert.deepEqual(optionsOf({ help, summary: "send: notify --test, [--name NAME]…" }), [
    { name: "--env", value: "FILE", text: "the configuration" },
    { name: "--renew", value: undefined, text: "issue a new one: now" },
    { name: "--test", value: undefined, text: "" },
    { name: "--name", value: "NAME", text: "" },
    { name: "--help", text: "say more" },
  ]);
});

Deno.test("optionsOf() finds an option in every help line of the table that begins with one", () => {
  for (const { name, help, summary } of COMMANDS) {
    const lines = help.split("\n").filter((line) => line.trim().startsWith("--"));
    const found = optionsOf({ help, summary }).map((option) => option.name);
    for (const line of lines) assert.ok(found.includes(line.trim().split(/\s/)[0] ?? ""), `${name}: ${line}`);
  }
});

async function shell(program: string, script: string): Promise<string[]> {
  const { stdout, stderr, success } = await new Deno.Command(program, {
    args: program.endsWith("zsh") ? ["-f", "-c", script] : ["--norc", "-c", script],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const complaint = new TextDecoder().decode(stderr);
  assert.ok(success && complaint === "", complaint);
  return new TextDecoder().decode(stdout).split("\n").filter(Boolean);
}

function find(program: string): string | undefined {
  return [`/bin/${program}`, `/usr/bin/${program}`, Deno.env.get(program.toUpperCase()) ?? ""].find(
    (path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    },
  );
}

const BASH = find("bash");
const asked: readonly [words: readonly string[], wanted: readonly string[]][] = [
  [["d"], ["dashboard", "decode", "doctor", "devices", "drill"]],
  [["keys", ""], [
    "list",
    "add",
    "rotate",
    "activate",
    "remove",
    "--env",
    "--root",
    "--broker-host",
    "--help",
  ]],
  [["completion", "z"], ["zsh"]],
  [["notify", "--t"], ["--test"]],
  [["setup", "--from", ""], []],
  [["nonsense", ""], []],
];
for (const [words, wanted] of asked) {
  Deno.test({
    name: `bash completes "ecoflow-power ${words.join(" ")}"`,
    ignore: BASH === undefined,
    fn: async () => {
      const list = ["ecoflow-power", ...words].map((word) => `'${word}'`).join(" ");
      const found = await shell(
        BASH ?? "",
        `${completionFor("bash", COMMANDS)}
COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _ecoflow_power; printf '%s\\n' "\${COMPREPLY[@]}"`,
      );
      assert.deepEqual(found, wanted);
    },
  });
}

const ZSH = find("zsh");
Deno.test({
  name: "zsh reads the script, and hands the commands and their options to its own completion",
  ignore: ZSH === undefined,
  fn: async () => {
    // Stand-ins print what they are given.
    const script = (words: string, current: number) =>
      `compdef() { :; }
_describe() { print -l -- \${(P)4}; }
_arguments() { print -l -- "$@"; }
${completionFor("zsh", COMMANDS)}
words=(${words}); CURRENT=${current}; _ecoflow_power`;
    const names = await shell(ZSH ?? "", script("ecoflow-power d", 2));
    assert.deepEqual(names.map((row) => row.split(":")[0]), COMMANDS.map(({ name }) => name));
    const broker = await shell(ZSH ?? "", script("ecoflow-power broker x", 3));
    assert.equal(broker[0], "1:word:(setup refresh login bridge)");
    assert.ok(broker.some((spec) => /^--root\[.*\]:DIR:_files -\/$/.test(spec)), broker.join("\n"));
    const record = await shell(ZSH ?? "", script("ecoflow-power record ''", 3));
    assert.ok(record.some((spec) => /^--minutes\[.*\]:N: $/.test(spec)), record.join("\n"));
  },
});
