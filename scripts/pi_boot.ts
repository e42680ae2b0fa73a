/**
 * Shows the package on a whole Debian: booted with systemd and Mosquitto, installed, configured, put through an outage, killed,
 * frozen, without its broker, with a full and a read-only disk, upgraded and purged.
 *
 * Needs root on Debian with debootstrap and systemd-nspawn, and takes about seven minutes. The checks themselves are
 * `scripts/boot/pi_checks.sh`. The last line is `N passed, N failed`.
 *
 * Run: deno task boot:pi [--root DIR]   DIR: a Debian root from before, else one is made
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compileArgs } from "./build.ts";
import { compileArgs as agentArgs } from "./build_agents.ts";
import { compileWith, findCompiler } from "./denort.ts";
import { FILES, firstBootScript } from "./flash_card/first_boot.ts";
import { packageDeb } from "./package_deb.ts";

const PACKAGES =
  "systemd,systemd-sysv,dbus,mosquitto,mosquitto-clients,ca-certificates,procps,iproute2,openssh-server,openssh-client";
const TARGET = "x86_64-unknown-linux-gnu";
const LIMIT_MS = 15 * 60_000;

const UNIT = `[Unit]
After=mosquitto.service dbus.service
[Service]
Type=oneshot
ExecStart=/bin/bash /opt/checks.sh
ExecStopPost=/usr/bin/systemctl --no-block poweroff
[Install]
WantedBy=multi-user.target
`;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { root: { type: "string", default: "/var/cache/ecoflow-power/bookworm" } },
  });
  const compiler = await findCompiler();
  if (!compiler) return 1;
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-pi-"));
  try {
    if (!existsSync(values.root)) {
      say(`Making a Debian in ${values.root} …`);
      mkdirSync(join(values.root, ".."), { recursive: true });
      await run("debootstrap", ["--variant=minbase", `--include=${PACKAGES}`, "bookworm", values.root]);
    }
    say("Building …");
    const [binary, agent] = [join(dir, "ecoflow-power"), join(dir, "ecoflow-agent")];
    await compileWith(compiler, compileArgs(TARGET, binary));
    await compileWith(compiler, agentArgs(TARGET, agent));
    const cloud = join(dir, "cloud");
    await compileWith(compiler, [
      ...["compile", "--quiet", "--allow-net", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"],
      ...["--output", cloud, "scripts/boot/cloud.ts"],
    ]);
    const root = join(dir, "root");
    await run("cp", ["-a", values.root, root]);
    for (const [name, version] of [["ecoflow-power", "0.1.0"], ["upgrade", "0.1.0+1"]] as const) {
      cpSync(
        await packageDeb({ arch: "amd64", binary, outDir: dir, version }),
        join(root, `opt/${name}.deb`),
      );
    }
    cpSync(agent, join(root, "opt/ecoflow-agent"));
    cpSync(cloud, join(root, "opt/cloud"));
    cpSync(new URL("boot/pi_checks.sh", import.meta.url), join(root, "opt/checks.sh"));
    for (const name of ["deploy", "deploy_remote.sh"]) {
      cpSync(new URL(name, import.meta.url), join(root, "opt", name));
    }
    mkdirSync(join(root, "opt/boot"));
    writeFileSync(join(root, "opt/boot", FILES.script), firstBootScript());
    writeFileSync(join(root, "etc/systemd/system/checks.service"), UNIT);
    // An installer writes it; debootstrap does not.
    writeFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost\n");
    const wants = join(root, "etc/systemd/system/multi-user.target.wants");
    mkdirSync(wants, { recursive: true });
    Deno.symlinkSync("/etc/systemd/system/checks.service", join(wants, "checks.service"));
    say("Booting …");
    await boot(root);
    return report(root);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Boots the system with a loopback of its own, until it powers off. */
async function boot(root: string): Promise<void> {
  const child = new Deno.Command("systemd-nspawn", {
    args: [
      "--quiet",
      "-D",
      root,
      "--boot",
      "--register=no",
      "--keep-unit",
      "--private-network",
      "--console=pipe",
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  await child.status;
  clearTimeout(limit);
}

function report(root: string): number {
  const path = join(root, "opt/result");
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  for (const line of lines) if (line !== "END") say(line);
  const count = (word: string) => lines.filter((line) => line.startsWith(word)).length;
  // A run that broke off has not passed.
  const failed = count("FAILED") + (lines.at(-1) === "END" ? 0 : 1);
  say(`${count("ok ")} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args: [...args], stdout: "null", stderr: "inherit" })
    .output();
  if (!success) throw new Error(`Cannot go on: "${program}" failed`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
