/** Boots a Debian root with systemd in a container, on a copy that is thrown away. Needs root and systemd-nspawn. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bootFolder } from "./booting.ts";

/** The Debians that the package is for. */
export const SUITES = ["bookworm", "trixie"] as const;

/** One of {@link SUITES}. */
export type Suite = typeof SUITES[number];

/** The least with which systemd boots, as a fresh installation has it: no Mosquitto, nor its user, nor its files. */
const BLANK = "systemd,systemd-sysv,dbus,ca-certificates,procps,iproute2,netbase";

/** What a test may install without a network: it is downloaded into the root, and not installed. */
const DOWNLOADED = ["mosquitto", "mosquitto-clients"];

/**
 * A blank Debian, made once a machine, with apt's lists and the archives of {@link DOWNLOADED}.
 *
 * @param cache Where roots are kept
 * @returns its directory
 */
export async function blankRoot(suite: Suite, cache: string): Promise<string> {
  const root = join(cache, `blank-${suite}`);
  const mark = `${root}.downloaded`;
  if (existsSync(mark)) return root;
  mkdirSync(cache, { recursive: true });
  if (!existsSync(root)) {
    rmSync(`${root}.part`, { recursive: true, force: true });
    await run("debootstrap", ["--variant=minbase", `--include=${BLANK}`, suite, `${root}.part`]);
    await run("mv", [`${root}.part`, root]);
  }
  // An installer writes it; debootstrap does not.
  writeFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost\n");
  for (const line of [["update"], ["install", "--yes", "--download-only", ...DOWNLOADED]]) {
    await run("chroot", [root, "apt-get", "-q", ...line]);
  }
  writeFileSync(mark, "");
  return root;
}

/** What a system that is told to power off may take, ms. */
const HARD_LIMIT_MS = 100_000;

/** One system on a throw-away copy of a root. */
export class Container {
  /** Where its files are seen from outside. */
  readonly root: string;
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
    this.root = join(dir, "root");
  }

  /** @param dir A directory of its own, not there yet */
  static async on(lower: string, dir: string): Promise<Container> {
    const container = new Container(dir);
    for (const name of ["root", "upper", "work"]) mkdirSync(join(dir, name), { recursive: true });
    const layers = `lowerdir=${lower},upperdir=${dir}/upper,workdir=${dir}/work`;
    await run("mount", ["-t", "overlay", "overlay", "-o", layers, container.root]);
    return container;
  }

  /** Has a shell script run once the system is up; the system powers off when it ends. */
  runAtBoot(script: string, ...args: readonly string[]): void {
    const unit = "etc/systemd/system/checks.service";
    writeFileSync(
      join(this.root, unit),
      `[Unit]
After=basic.target dbus.service
[Service]
Type=oneshot
ExecStart=/bin/bash ${script} ${args.join(" ")}
ExecStopPost=/usr/bin/systemctl --no-block --job-mode=replace-irreversibly start poweroff.target
[Install]
WantedBy=multi-user.target
`,
    );
    const link = join(this.root, "etc/systemd/system/multi-user.target.wants/checks.service");
    mkdirSync(dirname(link), { recursive: true });
    Deno.symlinkSync(`/${unit}`, link);
  }

  /**
   * Boots it, until it powers off.
   *
   * @param network A network namespace that it shares with others; its own loopback alone when absent
   * @returns whether it powered off by itself within the limit
   */
  async boot(limitMs: number, network?: string): Promise<boolean> {
    const system = bootFolder(this.root, [
      network === undefined ? "--private-network" : `--network-namespace-path=${network}`,
    ]);
    let isInTime = true;
    let hard: ReturnType<typeof setTimeout> | undefined;
    const limit = setTimeout(() => {
      isInTime = false;
      system.kill("SIGTERM");
      hard = setTimeout(() => system.kill("SIGKILL"), HARD_LIMIT_MS);
    }, limitMs);
    await system.ended;
    clearTimeout(limit);
    clearTimeout(hard);
    return isInTime;
  }

  /** Text of one of its files; empty when it is not there. */
  read(path: string): string {
    const whole = join(this.root, path);
    return existsSync(whole) ? readFileSync(whole, "utf8") : "";
  }

  /** Throws the copy away. */
  async remove(): Promise<void> {
    await run("umount", ["--lazy", this.root]);
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Runs a program to its end. @throws Error with its last lines when it fails */
export async function run(program: string, args: readonly string[], cwd?: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).output();
  if (success) return;
  const decoder = new TextDecoder();
  const said = (decoder.decode(stdout) + decoder.decode(stderr)).trim().slice(-1500);
  throw new Error(`Cannot go on: "${program} ${args.join(" ")}" failed: ${said}`);
}
