/**
 * What each program holds of the packages: the compiler puts every package of its lock file into a program, and keeps all of
 * that in memory while it runs. So each program is built with a configuration and a lock file of its own, cut out of the
 * project's: `scripts/programs/`, written by this script and held to it by a test.
 *
 * Run: deno task gen:programs
 */

/** The packages that each program imports; what these need comes with them. */
export const PROGRAM_PACKAGES: Readonly<Record<"daemon" | "agent", readonly string[]>> = {
  daemon: [
    "@noble/hashes",
    "@peculiar/x509",
    "aedes",
    "mqtt",
    "mqtt-packet",
    "nodemailer",
    "prom-client",
    "protobufjs",
    "reflect-metadata",
    "smol-toml",
    "valibot",
  ],
  agent: ["@noble/hashes", "mqtt", "mqtt-packet", "smol-toml", "valibot"],
};

/** What the page is made of that the daemon serves: it is inside of the daemon, but nothing of it is loaded there. */
export const PAGE_PACKAGES: readonly string[] = ["uplot"];

/** Every package inside of a program, by name and version as `deno.lock` has it: for licences, and for the list of a release. */
export function packagesInside(program: keyof typeof PROGRAM_PACKAGES): Lock["npm"] {
  const lock = JSON.parse(Deno.readTextFileSync(new URL("../../deno.lock", import.meta.url)));
  const page = program === "daemon" ? PAGE_PACKAGES : [];
  return cutLock(lock, [...PROGRAM_PACKAGES[program], ...page]).npm;
}

/** The parts of `deno.json` that a program is built with. */
export interface Config {
  readonly imports: Readonly<Record<string, string>>;
  readonly nodeModulesDir: string;
  readonly unstable: readonly string[];
  readonly compilerOptions: Readonly<Record<string, unknown>>;
}

/** `deno.lock`, version 5. */
export interface Lock {
  readonly version: string;
  /** `npm:mqtt@5.16.0` to the version that was taken. */
  readonly specifiers: Readonly<Record<string, string>>;
  /** By name and version; dependencies by name, with the version where there are several. */
  readonly npm: Readonly<Record<string, LockedPackage>>;
  readonly workspace: { readonly dependencies: readonly string[] };
}

interface LockedPackage {
  readonly integrity?: string;
  /** For which systems and processors alone. */
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
}

/** The configuration with these packages alone. @throws Error naming one that the project does not have */
export function cutConfig(config: Config, packages: readonly string[]): Config {
  const { imports, nodeModulesDir, unstable, compilerOptions } = config;
  const kept = packages.map((name) => {
    const specifier = imports[name];
    if (specifier === undefined) throw new Error(`Cannot build with package "${name}": deno.json has none`);
    return [name, specifier] as const;
  });
  return { imports: Object.fromEntries(kept), nodeModulesDir, unstable, compilerOptions };
}

/** The lock file with these packages and all that they need. @throws Error naming one that is not locked */
export function cutLock(lock: Lock, packages: readonly string[]): Lock {
  const isKept = (specifier: string) =>
    packages.some((name) => specifier.startsWith(`npm:${name}@`) || specifier === `npm:${name}`);
  const specifiers = Object.entries(lock.specifiers).filter(([specifier]) => isKept(specifier));
  const needed = new Set<string>();
  const need = (name: string) => {
    const key = name in lock.npm ? name : Object.keys(lock.npm).find((one) => one.startsWith(`${name}@`));
    const locked = key === undefined ? undefined : lock.npm[key];
    if (key === undefined || !locked) throw new Error(`Cannot build with package "${name}": not locked`);
    if (needed.has(key)) return;
    needed.add(key);
    for (const other of [...locked.dependencies ?? [], ...locked.optionalDependencies ?? []]) need(other);
  };
  for (const [specifier, version] of specifiers) {
    need(`${specifier.slice("npm:".length).replace(/(?<=.)@[^@]*$/, "")}@${version}`);
  }
  return {
    version: lock.version,
    specifiers: Object.fromEntries(specifiers),
    npm: Object.fromEntries(Object.entries(lock.npm).filter(([key]) => needed.has(key))),
    workspace: { dependencies: lock.workspace.dependencies.filter(isKept) },
  };
}

/** Where a program's configuration and lock file are, from the project's root. */
export function programFiles(program: keyof typeof PROGRAM_PACKAGES) {
  return { config: `scripts/programs/${program}.json`, lock: `scripts/programs/${program}.lock` };
}

/** The arguments of `deno compile` for them. */
export function packageArgs(program: keyof typeof PROGRAM_PACKAGES): string[] {
  const { config, lock } = programFiles(program);
  return ["--config", config, "--lock", lock, "--frozen"];
}

/** What the files of a program must hold, by path. */
export function programTexts(program: keyof typeof PROGRAM_PACKAGES): Readonly<Record<string, string>> {
  const read = (name: string) => JSON.parse(Deno.readTextFileSync(new URL(`../../${name}`, import.meta.url)));
  const { config, lock } = programFiles(program);
  const packages = PROGRAM_PACKAGES[program];
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    [config]: text(cutConfig(read("deno.json"), packages)),
    [lock]: text(cutLock(read("deno.lock"), packages)),
  };
}

if (import.meta.main) {
  for (const program of ["daemon", "agent"] as const) {
    for (const [path, text] of Object.entries(programTexts(program))) Deno.writeTextFileSync(path, text);
  }
}
