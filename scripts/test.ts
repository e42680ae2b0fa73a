/**
 * Runs all tests, after making sure that the programs they need are there.
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
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", ...Deno.args],
    env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin` },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
    output = (output + text).slice(-20_000);
  }
  const { code } = await child.status;
  const counts = countTests(output);
  if (!counts) {
    say("0 passed, 1 failed");
    return code || 1;
  }
  // A module that does not load fails the run without being counted as a test.
  const failed = counts.failed + (code !== 0 && counts.failed === 0 ? 1 : 0);
  say(
    `${counts.passed} passed, ${failed} failed` + (counts.ignored > 0 ? `, ${counts.ignored} skipped` : ""),
  );
  return code || (counts.passed === 0 ? 1 : 0);
}

function say(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}

if (import.meta.main) Deno.exit(await main());
