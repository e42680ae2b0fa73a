/**
 * Makes the Debian package from a built program, in either form: one compiled program, or a folder with the runtime and the
 * bundle.
 *
 * Run: deno task package [--arch arm64|amd64] [--binary FILE|FOLDER] [--out DIR] [--version VERSION]
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../../commands/table.ts";
import { fileName, folderName } from "./build_programs.ts";
import { VERSION } from "../../lib/version.ts";
import { completionFor } from "../../commands/completion.ts";
import { FLAGS_FILE } from "../../agents/install/program.ts";
import { LAUNCH_FLAGS } from "./build.ts";
import { licences } from "./bundle.ts";
import { DAEMON_AHEAD, shellLauncher } from "./launcher.ts";
import { ALLOCATOR } from "./runtime_settings.ts";
import { controlText, debianChangelog, manPage } from "../deb/documents.ts";
import { asProgram } from "../as_program.ts";

const TARGETS = { arm64: "aarch64-unknown-linux-gnu", amd64: "x86_64-unknown-linux-gnu" } as const;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What to pack. */
export interface PackageOptions {
  readonly arch: keyof typeof TARGETS;
  /** The built program: a file, or the folder of the runtime form. */
  readonly binary: string;
  readonly outDir: string;
  /** A Debian version; the project's own when absent. */
  readonly version?: string;
}

/** Builds the package. @returns its path. @throws Error when the program is not there or dpkg-deb fails */
export async function packageDeb(
  { arch, binary, outDir, version = VERSION }: PackageOptions,
): Promise<string> {
  if (!existsSync(binary)) {
    throw new Error(
      `Cannot package "${binary}": it is not there; get it with: deno task build --target ${TARGETS[arch]}`,
    );
  }
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-deb-"));
  try {
    await layOut(dir, { arch, binary, version });
    mkdirSync(outDir, { recursive: true });
    const path = join(outDir, `ecoflow-power_${version}_${arch}.deb`);
    const { success, stderr } = await new Deno.Command("dpkg-deb", {
      args: ["--root-owner-group", "-Zxz", "-z1", "--build", dir, path],
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`Cannot package: ${new TextDecoder().decode(stderr).trim()}`);
    return path;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function layOut(
  dir: string,
  { arch, binary, version }: Omit<PackageOptions, "outDir"> & { version: string },
): Promise<void> {
  const put = (path: string, content: string | Uint8Array, mode = 0o644) => {
    const full = join(dir, path);
    mkdirSync(dirname(full), { recursive: true, mode: 0o755 });
    writeFileSync(full, content);
    chmodSync(full, mode);
  };
  const own = (path: string) => readFileSync(join(ROOT, path), "utf8");
  const zipped = (text: string) => gzipSync(text, { level: 9 });
  const now = new Date();
  const date = `${now.toUTCString().slice(0, 25)} +0000`;
  chmodSync(dir, 0o755);
  const installedBytes = putProgram(binary, put);
  const units = readdirSync(join(ROOT, "systemd")).filter((name) =>
    /^ecoflow-power.*\.(service|path)$/.test(name)
  );
  // Not below /lib: dpkg would complain at a purge that systemd's own folder is not empty.
  for (const unit of units) put(`usr/lib/systemd/system/${unit}`, own(`systemd/${unit}`));
  put(
    "usr/lib/systemd/system/mosquitto.service.d/ecoflow-power.conf",
    own("systemd/mosquitto.service.d/ecoflow-power.conf"),
  );
  for (const name of ["broker-parts", "broker-memory", "huge-pages"]) {
    put(`usr/lib/ecoflow-power/${name}`, own(`scripts/deb/${name}`), 0o755);
  }
  put("usr/lib/sysusers.d/ecoflow-power.conf", own("systemd/sysusers.conf"));
  put("usr/lib/tmpfiles.d/ecoflow-power.conf", own("systemd/tmpfiles.conf"));
  for (const name of readdirSync(join(ROOT, "systemd/read-only-root"))) {
    put(`usr/share/ecoflow-power/read-only-root/${name}`, own(`systemd/read-only-root/${name}`));
  }
  put("usr/share/ecoflow-power/mosquitto.conf", own("systemd/mosquitto.conf"));
  for (const name of readdirSync(join(ROOT, "systemd/announce"))) {
    put(`usr/share/ecoflow-power/announce/${name}`, own(`systemd/announce/${name}`));
  }
  put("usr/share/ecoflow-power/ecoflow-power.env", own("scripts/deb/ecoflow-power.env"));
  put(
    "usr/share/man/man1/ecoflow-power.1.gz",
    zipped(manPage(COMMANDS, version, now.toISOString().slice(0, 10))),
  );
  put("usr/share/bash-completion/completions/ecoflow-power", completionFor("bash", COMMANDS));
  put("usr/share/zsh/vendor-completions/_ecoflow-power", completionFor("zsh", COMMANDS));
  if (!statSync(binary).isDirectory()) {
    put("usr/share/doc/ecoflow-power/licences.txt", await licences("daemon"));
  }
  // What the program's messages name, under the same names.
  for (const path of documents()) put(`usr/share/doc/ecoflow-power/${path}`, own(path));
  put("usr/share/doc/ecoflow-power/copyright", own("scripts/deb/copyright"));
  put("usr/share/doc/ecoflow-power/changelog.gz", zipped(debianChangelog(version, date)));
  put("usr/share/lintian/overrides/ecoflow-power", own("scripts/deb/lintian-overrides"));
  const installedKib = Math.ceil(installedBytes / 1024) + 512;
  put("DEBIAN/control", controlText({ version, architecture: arch, installedKib }));
  put("DEBIAN/triggers", own("scripts/deb/triggers"));
  for (const script of ["postinst", "prerm", "postrm"]) {
    put(`DEBIAN/${script}`, own(`scripts/deb/${script}`), 0o755);
  }
}

type Put = (path: string, content: string | Uint8Array, mode?: number) => void;

/** @returns its size, bytes */
function putProgram(binary: string, put: Put): number {
  if (!statSync(binary).isDirectory()) {
    put("usr/bin/ecoflow-power", readFileSync(binary), 0o755);
    return statSync(binary).size;
  }
  let bytes = 0;
  for (const name of readdirSync(binary, { recursive: true, encoding: "utf8" })) {
    const from = join(binary, name);
    if (!statSync(from).isFile()) continue;
    const isLicences = name === "licences.txt";
    const to = isLicences ? "usr/share/doc/ecoflow-power/licences.txt" : `usr/lib/ecoflow-power/${name}`;
    // What starts it in its folder and installs it elsewhere is not needed in a package.
    if (name === "ecoflow-power" || name === FLAGS_FILE) continue;
    put(to, readFileSync(from), name.startsWith("runtime/") ? 0o755 : 0o644);
    bytes += statSync(from).size;
  }
  const launcher = shellLauncher({
    dir: "/usr/lib/ecoflow-power",
    name: "ecoflow-power",
    flags: LAUNCH_FLAGS,
    environment: ALLOCATOR,
    ahead: DAEMON_AHEAD,
  });
  put("usr/bin/ecoflow-power", launcher, 0o755);
  return bytes;
}

/** The texts for people: docs/ without pictures, and what lies beside it. */
function documents(): string[] {
  const below = (dir: string): string[] =>
    readdirSync(join(ROOT, dir), { withFileTypes: true }).flatMap((entry) => {
      const path = `${dir}/${entry.name}`;
      return entry.isDirectory() ? below(path) : /\.(md|json)$/.test(path) ? [path] : [];
    });
  return ["README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", ...below("docs")];
}

if (import.meta.main) await asProgram(import.meta.url, main);

async function main(args: readonly string[]): Promise<number> {
  const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  const complain = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  const { values } = parseArgs({
    args: [...args],
    options: {
      arch: { type: "string", default: "arm64" },
      binary: { type: "string" },
      out: { type: "string", default: "build/deb" },
      version: { type: "string" },
    },
  });
  const { arch, out, version } = values;
  if (arch !== "arm64" && arch !== "amd64") {
    complain(`Cannot package for "${arch}": must be arm64 or amd64`);
    return 64;
  }
  try {
    const compiled = `build/daemon/${fileName("ecoflow-power", TARGETS[arch])}`;
    const folder = `build/daemon/${folderName("ecoflow-power", TARGETS[arch])}`;
    const binary = values.binary ?? (existsSync(compiled) || !existsSync(folder) ? compiled : folder);
    const path = await packageDeb({ arch, binary, outDir: out, version });
    const form = statSync(binary).isDirectory()
      ? "the official runtime and the bundle"
      : "one compiled program";
    say(`Made ${path} from ${form}, ${binary}`);
    return 0;
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
