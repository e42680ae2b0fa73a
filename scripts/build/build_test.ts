import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVICES } from "../../services/registry.ts";
import { compileArgs, DAEMON, PERMISSIONS } from "./build.ts";
import { bundle, workerFiles } from "./bundle.ts";
import { RUNTIME_VERSION, RUNTIMES } from "./runtime.ts";
import { putTogether } from "./build_programs.ts";
import { TARGETS } from "./targets.ts";
import { compileWith, findCompiler } from "./denort.ts";
import { play, stationModels } from "../../commands/simulate/play.ts";
import { startRealWorld } from "../simulate/real_world.ts";
import { SCENARIOS } from "../../commands/simulate/scenarios.ts";

/** Services whose workers load nothing of Node's layer. */
const WITHOUT_NODE = ["soc_bridge", "policy_engine", "nut_source", "notifier", "discovery"];

/** What a piece of a bundle imports of Node, and whatever it imports itself. */
function nodeImportsOf(folder: string, piece: string, seen = new Set<string>()): string[] {
  if (seen.has(piece)) return [];
  seen.add(piece);
  const imports = [
    ...readFileSync(join(folder, piece), "utf8").matchAll(/(?:from|import)\s*"(node:[^"]+|\.[^"]+)"/g),
  ];
  return imports.flatMap(([, target = ""]) =>
    target.startsWith("node:") ? [target] : nodeImportsOf(folder, join(dirname(piece), target), seen)
  );
}

/**
 * A built daemon carries a house through a whole outage on Mosquitto.
 *
 * @returns what was logged
 * @throws AssertionError naming what did not hold
 */
async function playOutage(binary: string, settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const found = SCENARIOS.find(({ name }) => name === "full_outage");
  assert.ok(found);
  const scenario = { ...found, settings: { ...found.settings, ...settings } };
  const models = stationModels(scenario);
  const lines: string[] = [];
  const onLog = (program: string, line: string) => void lines.push(`${program} | ${line}`);
  const world = await startRealWorld({ scenario, models, speed: 8, broker: "mosquitto", onLog, binary });
  try {
    const { verdicts } = await play(scenario, models, world);
    const failed = verdicts.filter(({ held }) => !held).map(({ text }) => text);
    assert.deepEqual(failed, [], `${failed.join("\n")}\n${lines.join("\n")}`);
  } finally {
    await world.stop();
  }
  return lines.join("\n");
}

Deno.test("compileArgs() of the daemon gives no program, no foreign code, and not everything", () => {
  for (const target of TARGETS) {
    const args = compileArgs(target, "out", "in");
    assert.deepEqual(args.filter((arg) => /allow-(all|run|ffi|import)|^-A$/.test(arg)), []);
    assert.ok(["--deny-run", "--deny-ffi", "--deny-import"].every((flag) => args.includes(flag)));
    assert.deepEqual(args.slice(-5), ["--target", target, "--output", "out", "in/main.js"]);
  }
  for (const reason of Object.values(PERMISSIONS)) assert.ok(reason.length > 10);
});

Deno.test("workerFiles() names the worker of every service", () => {
  for (const { name } of SERVICES) assert.ok(workerFiles().includes(`services/${name}/worker.ts`), name);
});

Deno.test("deno task build prints the line for each target, up to the download", async () => {
  const script = fileURLToPath(new URL("build.ts", import.meta.url));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-read",
      "--allow-env",
      script,
      "--print",
      ...TARGETS.flatMap((t) => ["--target", t]),
    ],
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assert.deepEqual(lines.map((line) => /--target (\S+)/.exec(line)?.[1]), [...TARGETS]);
});

Deno.test("the built daemon says its version, keeps its services in their sandboxes, and carries a house through an outage", async (t) => {
  const compiler = await findCompiler();
  if (!compiler) return;
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-binary-"));
  const binary = join(dir, "ecoflow-power");
  try {
    await bundle("daemon", join(dir, "bundle"));
    await compileWith(compiler, compileArgs("x86_64-unknown-linux-gnu", binary, join(dir, "bundle")));
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(binary, { args, cwd: dir }).output();
      return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    await t.step("version", async () => {
      assert.match((await run("version")).text, /^ecoflow-power \d+\.\d+\.\d+\n$/);
    });
    await t.step("check --sandbox", async () => {
      const env = join(dir, "test.env");
      writeFileSync(env, `ECOFLOW_USER=u\nECOFLOW_PASS=p\nSTATE_DIR=${dir}/state\n`);
      const { code, text } = await run("check", "--sandbox", "--env", env);
      assert.equal(code, 0, text);
      assert.ok(text.split("\n").filter((line) => /attempts denied$/.test(line)).length >= 4, text);
    });
    await t.step("settings", async () => {
      const env = join(dir, "settings.env");
      writeFileSync(env, "ECOFLOW_USER=u\nECOFLOW_PASS=hush\n");
      const { code, text } = await run("settings", "--set", "--env", env);
      assert.equal(code, 0, text);
      assert.match(text, /^ {2}ECOFLOW_PASS +\(hidden\) +file$/m);
      assert.doesNotMatch(text, /hush/);
    });
    await t.step("full_outage on Mosquitto", async () => {
      await playOutage(binary);
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

Deno.test("the runtime form of the daemon says its version, and keeps its services in their sandboxes", {
  ignore: Deno.build.target !== "x86_64-unknown-linux-gnu",
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-runtime-"));
  try {
    // This very Deno in place of the downloaded one: a test downloads nothing.
    const kept = join(dir, `runtimes/${RUNTIMES["x86_64-unknown-linux-gnu"].name}-${RUNTIME_VERSION}`);
    mkdirSync(kept, { recursive: true });
    Deno.symlinkSync(Deno.realPathSync(Deno.execPath()), join(kept, "deno"));
    await bundle("daemon", join(dir, "bundle"));
    const folder = await putTogether(
      DAEMON,
      "x86_64-unknown-linux-gnu",
      dir,
      join(dir, "bundle"),
      join(dir, "runtimes"),
    );
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(join(folder, "ecoflow-power"), {
        args,
        cwd: "/",
      })
        .output();
      return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    assert.match((await run("version")).text, /^ecoflow-power \d+\.\d+\.\d+\n$/);
    const env = join(dir, "test.env");
    writeFileSync(env, `ECOFLOW_USER=u\nECOFLOW_PASS=p\nSTATE_DIR=${dir}/state\n`);
    const { code, text } = await run("check", "--sandbox", "--env", env);
    assert.equal(code, 0, text);
    assert.ok(text.split("\n").filter((line) => /attempts denied$/.test(line)).length >= 4, text);
    assert.equal((await run("settings", "--env", env)).code, 0);
    const stations = `ECOFLOW_DEVICE_LIST=R631XXXXXXXXXXXX:Study\nDEVICE_TO_AGENTS_JSON={"Study":["pc"]}\n`;
    writeFileSync(env, stations, { flag: "a" });
    const { text: added } = await run("keys", "add", "pc", "--env", env);
    assert.match(
      added,
      /in force after: (sudo systemctl|docker compose) restart /,
      "a package is no checkout",
    );
    const together = { OPTIONAL_SERVICES: "together", HOME_ASSISTANT_DISCOVERY: "on" };
    const log = await playOutage(join(folder, "ecoflow-power"), together);
    for (const service of ["historian", "discovery"]) {
      assert.match(log, new RegExp(`SERVICE READY service=${service}`), "the common worker is in the bundle");
    }
    assert.doesNotMatch(log, /SERVICE FAILED/);
    const commandRun = readdirSync(folder).filter((name) => /^run-.*\.js$/.test(name));
    assert.equal(commandRun.length, 1);
    for (
      const piece of [
        "main.js",
        ...commandRun,
        ...WITHOUT_NODE.map((name) => `services/${name}/worker.js`),
      ]
    ) {
      assert.deepEqual(nodeImportsOf(folder, piece), [], `${piece}: Node's layer costs 2 MB in each worker`);
    }
    assert.deepEqual(nodeImportsOf(folder, "services/broker_link/worker.js").includes("node:net"), true);
    const info = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--no-config", "--json", join(folder, "main.js")],
    }).output();
    const { modules } = JSON.parse(new TextDecoder().decode(info.stdout)) as {
      modules: { specifier: string }[];
    };
    const commands = modules.filter(({ specifier }) => /\/(run|setup|simulate|doctor)-/.test(specifier));
    assert.deepEqual(commands, [], "what another command needs is read at each start, and stays in memory");
    const licences = Deno.readTextFileSync(join(folder, "licences.txt"));
    for (const name of ["Deno (the runtime)", "mqtt 5.16.0", "protobufjs 8.8.1", "@peculiar/x509 2.2.0"]) {
      assert.ok(licences.includes(`\n${name}\n`), name);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
