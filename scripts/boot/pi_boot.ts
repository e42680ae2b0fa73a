/**
 * Shows the package on a whole Debian: booted with systemd and Mosquitto, installed, configured, put through an outage, killed,
 * frozen, without its broker, with a full and a read-only disk, upgraded and purged; and on blank Debians that never had
 * Mosquitto, in every order.
 *
 * Needs root on Debian with debootstrap and systemd-nspawn. The checks themselves are `scripts/boot/pi_checks.sh` and
 * `scripts/boot/blank/`. The last line is `N passed, N failed`.
 *
 * How long each takes: docs/install.md.
 *
 * Run: deno task boot:pi [--short | --all | --case NAME] [--suite NAME]... [--cache DIR] [--before DEB] [--deb DEB]
 *   without an option  the whole house
 *   --short            the two commands of the README on a blank Debian, then an outage
 *   --all              every case on every Debian, and then the whole house
 *   --cache            where Debian roots are kept between runs
 *   --before           a package to upgrade from; one of an older commit is made when not given
 *   --deb              a package that was built before, such as that of a release; else it is built
 *   --arch arm64       a whole 64-bit Arm Debian in emulation: package, setup, pairing, outage, killed daemon
 *   --pages 16384      there, with a kernel of larger pages, as a Pi 5 may have it; --huge-pages always|madvise|never
 *   --compiled         the daemon as one compiled program; else the official runtime and the bundle
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { bootArm } from "./arm/arm_boot.ts";
import { bootCase, CASE_NAMES, packageBefore, putPrograms } from "./blank_boot.ts";
import { blankRoot, Container, run, type Suite, SUITES } from "./container.ts";
import { DAEMON } from "../build/build.ts";
import { bundle } from "../build/bundle.ts";
import { AGENT } from "../build/build_agents.ts";
import { putTogether } from "../build/build_programs.ts";
import { compileWith, findCompiler } from "../build/denort.ts";
import { FILES, firstBootScript } from "../flash_card/first_boot.ts";
import { packageDeb } from "../build/package_deb.ts";
import { asProgram } from "../as_program.ts";

const PACKAGES =
  "systemd,systemd-sysv,dbus,mosquitto,mosquitto-clients,ca-certificates,procps,iproute2,openssh-server,openssh-client";
const TARGETS = { amd64: "x86_64-unknown-linux-gnu", arm64: "aarch64-unknown-linux-gnu" } as const;
type Arch = keyof typeof TARGETS;
/** Several times what the whole house takes, for a busy machine. */
const LIMIT_MS = 45 * 60_000;

/** The newest package whose postinst ran before Mosquitto's and left a blank system half-made: upgrades start there. */
const BEFORE = "440df18";
/** Of the cases, those that a check at each change can afford. */
const SHORT = ["readme", "inhibitors"];

if (import.meta.main) await asProgram(import.meta.url, main);

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cache: { type: "string", default: "/var/cache/ecoflow-power" },
      short: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
      case: { type: "string", multiple: true, default: [] },
      suite: { type: "string", multiple: true, default: [] },
      before: { type: "string" },
      deb: { type: "string" },
      compiled: { type: "boolean", default: false },
      arch: { type: "string", default: "amd64" },
      pages: { type: "string", default: "4096" },
      "huge-pages": { type: "string" },
    },
  });
  const unknown = [
    ...values.case.filter((name) => !CASE_NAMES.includes(name)),
    ...values.suite.filter((name) => !isSuite(name)),
  ];
  if (unknown.length > 0) {
    say(`Cannot boot "${unknown.join()}": must be of ${[...CASE_NAMES, ...SUITES].join(", ")}`);
    return 64;
  }
  const { arch, pages, "huge-pages": hugePages } = values;
  if (!isArch(arch) || !isPageSize(pages) || !isHugePages(hugePages)) {
    say(
      "Cannot boot: --arch must be amd64 or arm64, --pages 4096 or 16384, --huge-pages always, madvise or never",
    );
    return 64;
  }
  const suites = values.suite.filter(isSuite);
  const cases = values.all ? CASE_NAMES : values.short ? SHORT : values.case;
  const isBlank = values.short || values.case.length > 0;
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-pi-"));
  try {
    const asked: readonly Suite[] = suites.length > 0 ? suites : values.all ? SUITES : [SUITES[1]];
    const [built] = await Promise.all([
      build(dir, { arch, deb: values.deb, isCompiled: values.compiled }),
      // Downloads while the programs are built.
      cases.length > 0 && arch === "amd64" && asked[0] ? blankRoot(asked[0], values.cache) : undefined,
    ]);
    if (!built) return 1;
    if (arch === "arm64") {
      const putIn = (opt: string) => putHouse(opt, built);
      const system = {
        pages: pages === "16384" ? 16384 as const : 4096 as const,
        hugePages,
        cache: values.cache,
      };
      const beganMs = Date.now();
      const result = await bootArm({ ...system, dir: join(dir, "arm"), putIn, say });
      sayTook(`arm64, the house with pages of ${pages}`, beganMs);
      const { passed, failed } = report(result);
      say(`${passed} passed, ${failed} failed`);
      return failed > 0 ? 1 : 0;
    }
    const totals = { passed: 0, failed: 0 };
    if (cases.length > 0) {
      const wantsBefore = cases.includes("upgrade");
      const before = values.before ?? (wantsBefore ? await packageBefore(BEFORE, dir) : undefined);
      for (const suite of asked) {
        say(`${suite}: a blank root …`);
        const root = await blankRoot(suite, values.cache);
        for (const name of cases) {
          const beganMs = Date.now();
          const { lines, passed, failed } = await bootCase(name, suite, root, { ...built, before }, dir);
          sayTook(`${suite}, ${name}`, beganMs);
          for (const line of lines) say(line);
          totals.passed += passed;
          totals.failed += failed;
        }
      }
    }
    if (!isBlank) {
      const { passed, failed } = await bootHouse(values.cache, built, dir);
      totals.passed += passed;
      totals.failed += failed;
    }
    say(`${totals.passed} passed, ${totals.failed} failed`);
    return totals.failed > 0 ? 1 : 0;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function isSuite(name: string): name is Suite {
  return (SUITES as readonly string[]).includes(name);
}

function isArch(name: string): name is Arch {
  return Object.hasOwn(TARGETS, name);
}

function isPageSize(text: string): text is "4096" | "16384" {
  return text === "4096" || text === "16384";
}

function isHugePages(text: string | undefined): text is "always" | "madvise" | "never" | undefined {
  return text === undefined || text === "always" || text === "madvise" || text === "never";
}

/** The programs that the systems get. */
interface Built {
  /** The daemon, in either form. */
  readonly daemon: string;
  /** The agent's folder. */
  readonly agent: string;
  /** The emulated cloud, as one script for the agent's runtime. */
  readonly cloud: string;
  readonly deb: string;
}

/** Builds the runtime form, or with `isCompiled` the compiled one of the daemon. */
async function build(
  dir: string,
  given: { arch: Arch; deb?: string; isCompiled: boolean },
): Promise<Built | undefined> {
  const target = TARGETS[given.arch];
  say("Building …");
  const bundles = { daemon: join(dir, "bundle"), agent: join(dir, "agent-bundle") };
  await bundle("daemon", bundles.daemon);
  await bundle("agent", bundles.agent);
  const agent = await putTogether(AGENT, target, dir, bundles.agent);
  const cloud = join(dir, "cloud.js");
  await run(
    Deno.execPath(),
    ["bundle", "--quiet", "--platform", "deno", "--output", cloud, "scripts/boot/cloud.ts"],
    fileURLToPath(new URL("../..", import.meta.url)),
  );
  let daemon: string;
  if (given.isCompiled) {
    const compiler = await findCompiler();
    if (!compiler) return undefined;
    daemon = join(dir, "ecoflow-power");
    await compileWith(compiler, DAEMON.compileArgs(target, daemon, bundles.daemon));
  } else daemon = await putTogether(DAEMON, target, dir, bundles.daemon);
  const deb = given.deb ?? await packageDeb({
    arch: given.arch,
    binary: daemon,
    outDir: dir,
    version: "0.1.0",
  });
  return { daemon, agent, cloud, deb };
}

/** The whole house, on a Debian that has Mosquitto. */
async function bootHouse(
  cache: string,
  { daemon, agent, cloud, deb }: Built,
  dir: string,
): Promise<{ passed: number; failed: number }> {
  const lower = join(cache, "bookworm");
  if (!existsSync(lower)) {
    say(`Making a Debian in ${lower} …`);
    mkdirSync(cache, { recursive: true });
    rmSync(`${lower}.part`, { recursive: true, force: true });
    await run("debootstrap", ["--variant=minbase", `--include=${PACKAGES}`, "bookworm", `${lower}.part`]);
    await run("mv", [`${lower}.part`, lower]);
  }
  // An installer writes it; debootstrap does not.
  writeFileSync(join(lower, "etc/hosts"), "127.0.0.1 localhost\n");
  const house = await Container.on(lower, join(dir, "house"));
  const opt = join(house.root, "opt");
  putHouse(opt, { daemon, agent, cloud, deb });
  const again = { arch: "amd64", binary: daemon, outDir: dir, version: "0.1.0+1" } as const;
  cpSync(await packageDeb(again), join(opt, "upgrade.deb"));
  house.runAtBoot("/opt/checks.sh");
  try {
    say("Booting …");
    const beganMs = Date.now();
    await house.boot(LIMIT_MS);
    sayTook("bookworm, the whole house", beganMs);
    return report(house.read("opt/result"));
  } finally {
    await house.remove();
  }
}

/** What the checks of the whole house need in a system's `/opt`. */
function putHouse(opt: string, { agent, cloud, deb }: Built): void {
  cpSync(deb, join(opt, "ecoflow-power.deb"));
  putPrograms(opt, { agent, cloud });
  cpSync(new URL("pi_checks.sh", import.meta.url), join(opt, "checks.sh"));
  for (const name of ["deploy", "deploy_remote.sh"]) {
    cpSync(new URL(`../${name}`, import.meta.url), join(opt, name));
  }
  mkdirSync(join(opt, "boot"));
  writeFileSync(join(opt, "boot", FILES.script), firstBootScript());
}

function report(text: string): { passed: number; failed: number } {
  const lines = text.trim().split("\n");
  for (const line of lines) if (line !== "END") say(line);
  const count = (word: string) => lines.filter((line) => line.startsWith(word)).length;
  // A run that broke off has not passed.
  if (lines.at(-1) !== "END") say("FAILED the checks came to their end");
  return { passed: count("ok "), failed: count("FAILED") + (lines.at(-1) === "END" ? 0 : 1) };
}

/** Before its checks: what was booted, and how long it took. */
function sayTook(what: string, beganMs: number): void {
  say(`${what}, ${Math.round((Date.now() - beganMs) / 1000)} s:`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
