import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileArgs, PERMISSIONS } from "./build_agents.ts";
import { checkSums, compilerError, fileName } from "./build_programs.ts";
import { TARGETS } from "./targets.ts";
import { compileWith, findCompiler } from "./denort.ts";
import { bundle } from "./bundle.ts";

Deno.test("compileArgs() names the target, the output and only the listed permissions", () => {
  for (const target of TARGETS) {
    const args = compileArgs(target, "out", "in");
    assert.deepEqual(args.slice(-5), [
      "--target",
      target,
      "--output",
      "out",
      "in/main.js",
    ]);
    assert.deepEqual(
      args.filter((arg) => /^--(allow|deny)/.test(arg)),
      Object.keys(PERMISSIONS).filter((arg) => arg !== "--no-prompt"),
    );
  }
  assert.equal(
    fileName("ecoflow-agent", "x86_64-pc-windows-msvc"),
    "ecoflow-agent-x86_64-pc-windows-msvc.exe",
  );
  assert.ok(
    !Object.keys(PERMISSIONS).includes("--allow-all") && !Object.keys(PERMISSIONS).includes("--allow-ffi"),
  );
});

Deno.test("checkSums() writes what sha256sum --check reads", () => {
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assert.equal(checkSums([{ name: "a", bytes: new Uint8Array() }]), `${empty}  a\n`);
});

Deno.test("build_agents refuses a target that it does not know", async () => {
  const script = fileURLToPath(new URL("build_agents.ts", import.meta.url));
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", script, "--target", "riscv"],
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.equal(code, 1);
  assert.match(
    new TextDecoder().decode(stderr),
    /Cannot build for "riscv": must be one of x86_64-unknown-linux-gnu/,
  );
});

Deno.test("the built agent says its version, and its doctor says what is missing", async () => {
  const compiler = await findCompiler();
  if (!compiler) return;
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-agent-binary-"));
  const binary = join(dir, "ecoflow-agent");
  try {
    await bundle("agent", join(dir, "bundle"));
    await compileWith(compiler, compileArgs("x86_64-unknown-linux-gnu", binary, join(dir, "bundle")));
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(binary, { args, cwd: dir }).output();
      return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    assert.match((await run("version")).text, /\d+\.\d+\.\d+/);
    const env = join(dir, "agent.env");
    writeFileSync(env, `AGENT_ID=pc\nMQTT_HOST=127.0.0.1\nMQTT_PORT=9\nSTATE_DIR=${dir}/state\n`);
    const doctor = await run("doctor", "--env", env);
    assert.equal(doctor.code, 1, doctor.text);
    assert.match(doctor.text, /broker/i);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

Deno.test("compilerError() says what was wrong, and not where in the compiler", () => {
  const stderr =
    "\u001b[1merror\u001b[0m: Writing 'x'\n\nCaused by:\n    0: Setting up base binary.\n    1: no such host (https://a/b)\n\n" +
    "Stack backtrace:\n   0: <unknown>\n";
  assert.equal(
    compilerError(stderr),
    "error: Writing 'x'; Setting up base binary.; no such host (https://a/b)",
  );
  assert.equal(compilerError("error: Module not found\n"), "error: Module not found");
});
