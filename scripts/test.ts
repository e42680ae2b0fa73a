/**
 * Runs all tests, after making sure that the programs they need are there. Those that only compute, have patience, or wait for
 * polls run beside the others.
 *
 * As root on Debian, missing packages are installed (their services are not started); elsewhere the command to get
 * them is printed. Further arguments go to `deno test`. The last line is `N passed, N failed`, from the real counts.
 */
import { run } from "./run.ts";

/** Programs that tests talk to, and the Debian packages that bring them. */
const NEEDED: Readonly<Record<string, string>> = {
  mosquitto: "mosquitto",
  mosquitto_pub: "mosquitto-clients",
  upsc: "nut-client",
  upsd: "nut-server",
  openssl: "openssl",
  certutil: "libnss3-tools",
  chromium: "chromium",
  mcopy: "mtools",
  "mkfs.vfat": "dosfstools",
  "cloud-init": "cloud-init",
};

/** The counts of a run, from the summary line that `deno test` prints last, or undefined when there is none. */
export function countTests(output: string): { passed: number; failed: number; ignored: number } | undefined {
  // deno-lint-ignore no-control-regex
  const plain = output.replaceAll(/\u001b\[[0-9;]*m/g, "");
  const matches = [
    ...plain.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?:.*?\| (\d+) ignored)?/gm),
  ];
  const last = matches.at(-1);
  return last && { passed: Number(last[1]), failed: Number(last[2]), ignored: Number(last[3] ?? 0) };
}

async function missingPackages(): Promise<string[]> {
  const missing = new Set<string>();
  for (const [program, packageName] of Object.entries(NEEDED)) {
    const path = `PATH=$PATH:/usr/sbin:/sbin command -v ${program}`;
    const { success } = await new Deno.Command("sh", { args: ["-c", path], stdout: "null" }).output();
    if (!success) missing.add(packageName);
  }
  return [...missing];
}

/** Installs without starting services: `policy-rc.d` is Debian's own switch for that. */
async function install(packages: readonly string[]): Promise<boolean> {
  const script = `set -e
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then printf '#!/bin/sh\\nexit 101\\n' > $policy; chmod +x $policy; trap 'rm -f $policy' EXIT; fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends ${packages.join(" ")} >/dev/null`;
  return await run(["sh", "-c", script]) === 0;
}

async function main(): Promise<number> {
  const packages = await missingPackages();
  if (packages.length > 0) {
    const command = `apt-get update && apt-get install -y ${packages.join(" ")}`;
    const hasApt =
      (await new Deno.Command("sh", { args: ["-c", "command -v apt-get"], stdout: "null" }).output()).success;
    if (Deno.uid() !== 0 || !hasApt) {
      say(
        `The tests need these Debian packages: ${
          packages.join(", ")
        }\nGet them with: sudo sh -c '${command}'`,
      );
      return 1;
    }
    say(`Installing what the tests need: ${packages.join(", ")}`);
    if (!await install(packages)) {
      say(`Cannot install them; try: ${command}`);
      return 1;
    }
  }
  // `deno task test -- FILE` hands the dashes over too.
  const chosen = Deno.args.filter((arg) => arg !== "--");
  const runs = chosen.length > 0 ? [await runTests(chosen, { isShown: true })] : await runAll();
  for (const { output, isShown } of runs) {
    if (!isShown) Deno.stdout.writeSync(new TextEncoder().encode(output));
  }
  const { passed, failed, ignored, code } = sumOf(runs);
  say(`${passed} passed, ${failed} failed` + (ignored > 0 ? `, ${ignored} skipped` : ""));
  return code || (passed === 0 ? 1 : 0);
}

/** What one `deno test` did. */
export interface TestRun {
  readonly output: string;
  readonly code: number;
}

/** Whether its lines were shown as they came. */
interface ShownRun extends TestRun {
  readonly isShown: boolean;
}

/** The counts of all runs. One without a summary, or with a module that does not load, counts as failed. Pure. */
export function sumOf(
  runs: readonly TestRun[],
): { passed: number; failed: number; ignored: number; code: number } {
  const sum = { passed: 0, failed: 0, ignored: 0, code: 0 };
  for (const { output, code } of runs) {
    const counts = countTests(output) ?? { passed: 0, failed: 0, ignored: 0 };
    sum.passed += counts.passed;
    sum.ignored += counts.ignored;
    const isBroken = counts.failed === 0 && (code !== 0 || counts.passed === 0);
    sum.failed += counts.failed + (isBroken ? 1 : 0);
    sum.code ||= code || (isBroken ? 1 : 0);
  }
  return sum;
}

/** They give way to all others, and need not: rooms that only compute, and tests with a minute and more for each thing they wait for. */
const PATIENT = [
  "commands/doctor/house_mistakes_test.ts",
  "commands/feed/feed_test.ts",
  "proto",
  "services/dashboard/browser_test.ts",
  "services/dashboard/pictures_test.ts",
  "services/historian/kill_test.ts",
  "services/policy_engine",
  "services/soc_bridge",
];
/** In rooms that only compute: they open sockets, and have limits in real time. */
const IMPATIENT = /wake_on_lan_test|nut_witness/;
/** They wait for the polls of real NUT programs, or for two daemons to leave each other alone, and hardly compute. */
const WAITING = [
  "scripts/simulate/twin_daemons_test.ts",
  "services/cable_alone_mosquitto_test.ts",
  "services/nut_server",
  "services/nut_source",
];

/** Three at a time: those with limits in real time, those that wait, and those that give way. */
function runAll(): Promise<readonly ShownRun[]> {
  const waiting = WAITING.flatMap(testsIn);
  const patient = PATIENT.flatMap(testsIn).filter((path) => !IMPATIENT.test(path));
  return Promise.all([
    runTests([`--ignore=${[...waiting, ...patient].join(",")}`], { isShown: true }),
    runTests(waiting, { isShown: false }),
    runTests(patient, { isShown: false, givesWay: true }),
  ]);
}

/** The tests in a room, or the one that is named. */
function testsIn(path: string): string[] {
  if (path.endsWith("_test.ts")) return [path];
  return [...Deno.readDirSync(path)].flatMap(({ name, isDirectory }) =>
    isDirectory || name.endsWith("_test.ts") ? testsIn(`${path}/${name}`) : []
  ).sort();
}

async function runTests(
  args: readonly string[],
  { isShown, givesWay = false }: { readonly isShown: boolean; readonly givesWay?: boolean },
): Promise<ShownRun> {
  const command = [Deno.execPath(), "test", "--allow-all", ...args];
  const [program = "", ...rest] = givesWay ? ["nice", "-n", "19", ...command] : command;
  const child = new Deno.Command(program, {
    args: rest,
    env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin` },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (isShown) Deno.stdout.writeSync(new TextEncoder().encode(text));
    output = isShown ? (output + text).slice(-20_000) : output + text;
  }
  return { output, code: (await child.status).code, isShown };
}

function say(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}

if (import.meta.main) Deno.exit(await main());
