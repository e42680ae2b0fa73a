/**
 * A Debian with Wine and Windows' own Deno, made once a machine, and throw-away copies of it that hold this checkout. The
 * copies see the network of this machine. Needs root on Debian with debootstrap.
 */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchRuntime } from "../build/runtime.ts";
import { run } from "../boot/container.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Debian 12's Wine 8 lacks `bcryptprimitives.dll`, without which Deno does not start. */
const SUITE = "trixie";
const PACKAGES = "wine64,wine,ca-certificates";
/** Compiles the trial's `shutdown.exe`. */
const COMPILER = "gcc-mingw-w64-x86-64-win32";
const WINE = "/usr/lib/wine/wine64";
/** A TMPDIR that Wine does not know ends it, so nothing of the caller's environment goes in. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
  XDG_RUNTIME_DIR: "/run",
  WINEPREFIX: "/wine",
  WINEARCH: "win64",
  WINEDEBUG: "-all",
  // The trial's own (`stand_in.ts`), and not Wine's.
  WINEDLLOVERRIDES: "shutdown.exe=n",
  DENO_DIR: "Z:\\denodir",
  DENO_NO_UPDATE_CHECK: "1",
  NO_COLOR: "1",
};

type Streams = Pick<Deno.CommandOptions, "stdin" | "stdout" | "stderr">;

/** A throw-away copy. */
export class WineRoot {
  /** Where its files are seen from outside. */
  readonly root: string;
  readonly #dir: string;
  readonly #mounts: string[] = [];

  private constructor(dir: string) {
    this.#dir = dir;
    this.root = join(dir, "root");
  }

  /**
   * @param cache Where roots are kept between runs
   * @param dir A directory of its own, not there yet
   */
  static async on(cache: string, dir: string): Promise<WineRoot> {
    const lower = await prepare(cache);
    const copy = new WineRoot(dir);
    for (const name of ["root", "upper", "work"]) mkdirSync(join(dir, name), { recursive: true });
    try {
      const layers = `lowerdir=${lower},upperdir=${dir}/upper,workdir=${dir}/work`;
      await copy.#mount("", "-t", "overlay", "overlay", "-o", layers);
      await copy.#mount("proc", "-t", "proc", "proc");
      await copy.#mount("dev", "--bind", "/dev");
      // Without it Wine does not find localhost.
      writeFileSync(join(copy.root, "etc/hosts"), "127.0.0.1 localhost\n");
      cpSync(ROOT, join(copy.root, "p"), {
        recursive: true,
        filter: (path) => ![join(ROOT, ".git"), join(ROOT, "build")].includes(path),
      });
      const packages = join(await denoDir(), "npm");
      mkdirSync(join(copy.root, "denodir"), { recursive: true });
      if (existsSync(packages)) cpSync(packages, join(copy.root, "denodir/npm"), { recursive: true });
      return copy;
    } catch (error) {
      await copy.remove();
      throw error;
    }
  }

  /** A program of Windows, as a command of this machine that runs in the checkout. */
  command(program: string, args: readonly string[], streams: Streams = {}): Deno.Command {
    return new Deno.Command("chroot", {
      args: [this.root, "/bin/sh", "-c", 'cd /p && exec "$@"', "sh", WINE, program, ...args],
      clearEnv: true,
      env: ENVIRONMENT,
      stdin: "null",
      ...streams,
    });
  }

  /** Windows' own Deno. @param args Of `deno` */
  deno(args: readonly string[], streams: Streams = {}): Deno.Command {
    return this.command("Z:\\deno\\deno.exe", args, streams);
  }

  /** Throws the copy away, with Wine's own processes. */
  async remove(): Promise<void> {
    const server = new Deno.Command("chroot", {
      args: [this.root, "/usr/lib/wine/wineserver64", "--kill"],
      clearEnv: true,
      env: ENVIRONMENT,
      stdout: "null",
      stderr: "null",
    });
    await server.output().catch(() => {});
    for (const mount of this.#mounts.reverse()) await run("umount", ["--lazy", mount]);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #mount(on: string, ...args: readonly string[]): Promise<void> {
    const target = join(this.root, on);
    await run("mount", [...args, target]);
    this.#mounts.push(target);
  }
}

/** @returns the root that copies lie on */
async function prepare(cache: string): Promise<string> {
  const root = join(cache, "wine-trixie");
  if (!existsSync(root)) {
    mkdirSync(cache, { recursive: true });
    rmSync(`${root}.part`, { recursive: true, force: true });
    await run("debootstrap", ["--variant=minbase", `--include=${PACKAGES}`, SUITE, `${root}.part`]);
    await run("mv", [`${root}.part`, root]);
  }
  if (!existsSync(join(root, "usr/bin/x86_64-w64-mingw32-gcc"))) {
    for (const line of [["update"], ["install", "--yes", "--no-install-recommends", COMPILER]]) {
      await run("chroot", [root, "apt-get", "-q", ...line]);
    }
  }
  const deno = join(root, "deno/deno.exe");
  if (!existsSync(deno)) cpSync(await fetchRuntime("x86_64-pc-windows-msvc"), deno);
  if (!existsSync(join(root, "wine/system.reg"))) await makePrefix(root);
  return root;
}

/** Wine's own drive C, which takes half a minute to make. */
async function makePrefix(root: string): Promise<void> {
  await run("mount", ["-t", "proc", "proc", join(root, "proc")]);
  await run("mount", ["--bind", "/dev", join(root, "dev")]);
  try {
    const words = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
    await run("chroot", [root, "/usr/bin/env", "-i", ...words, WINE, "wineboot", "--init"]);
    await run("chroot", [root, "/usr/bin/env", "-i", ...words, "/usr/lib/wine/wineserver64", "--wait"]);
  } finally {
    for (const name of ["dev", "proc"]) await run("umount", ["--lazy", join(root, name)]);
  }
}

/** Where this Deno keeps its packages. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const said: unknown = JSON.parse(new TextDecoder().decode(stdout));
  if (typeof said !== "object" || said === null || !("denoDir" in said) || typeof said.denoDir !== "string") {
    throw new TypeError('Cannot find Deno\'s packages: "deno info --json" must name "denoDir"');
  }
  return said.denoDir;
}
