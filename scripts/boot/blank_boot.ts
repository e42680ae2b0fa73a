/**
 * The package on blank Debians that never had Mosquitto: in every order, upgraded, removed, purged, from a card, with network
 * and time that never come, with a broken file of Mosquitto's, with programs that hold the shutdown up, bridged to a cluster.
 *
 * Needs root, systemd-nspawn and debootstrap. Run by `scripts/boot/pi_boot.ts`.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { linuxPlatform } from "../../agents/platform/linux.ts";
import { createAuthority } from "../../lib/certificates.ts";
import { firstBootScript } from "../flash_card/first_boot.ts";
import { writePackageScripts } from "../walk/package_scripts.ts";
import { Container, run, type Suite } from "./container.ts";

/** What is tried, as files. */
export interface Programs {
  /** The package. */
  readonly deb: string;
  /** One that came before it; absent: upgrades are not tried. */
  readonly before?: string;
  /** The agent's folder: runtime and script. */
  readonly agent: string;
  /** The emulated cloud, as a script for the same runtime. */
  readonly cloud: string;
  /** The daemon's folder, which an older package without a program of its own runs. */
  readonly daemon: string;
}

/** A case: what is booted, and how long it may take. */
interface Case {
  readonly name: string;
  readonly script: string;
  /** Another system that is up meanwhile, on the same network: it must be powered off by the first. */
  readonly host?: string;
  /** How often the system is started; once when absent. */
  readonly starts?: number;
}

const CASES: readonly Case[] = [
  { name: "readme", script: "readme.sh", host: "host.sh" },
  { name: "orders", script: "orders.sh" },
  { name: "card", script: "card.sh", host: "host.sh" },
  { name: "later", script: "later.sh", starts: 2 },
  { name: "upgrade", script: "upgrade.sh" },
  { name: "damage", script: "damage.sh" },
  { name: "inhibitors", script: "inhibitors.sh" },
  { name: "documents", script: "documents.sh" },
  { name: "bridge", script: "bridge.sh" },
];

/** Names of the cases, for the command line. */
export const CASE_NAMES = CASES.map(({ name }) => name);

/** Several times what a case takes, for a busy machine. */
const LIMIT_MS = 15 * 60_000;
const SCRIPTS = fileURLToPath(new URL("blank/", import.meta.url));

/** How a case went. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly passed: number;
  readonly failed: number;
}

/**
 * Boots one case.
 *
 * @param root A blank root, from `blankRoot`
 * @param dir A directory for throw-away copies
 */
export async function bootCase(
  name: string,
  suite: Suite,
  root: string,
  programs: Programs,
  dir: string,
): Promise<Outcome> {
  const one = CASES.find((row) => row.name === name);
  if (!one) throw new RangeError(`Cannot boot "${name}": must be one of ${CASE_NAMES.join(", ")}`);
  if (name === "upgrade" && programs.before === undefined) {
    return { lines: ["skipped: there is no package from before (--before FILE)"], passed: 0, failed: 0 };
  }
  const daemon = await prepare(root, join(dir, `${suite}-${name}`), programs, one.script);
  const host = one.host === undefined
    ? undefined
    : await prepare(root, join(dir, `${suite}-${name}-host`), programs, one.host);
  try {
    let isHostOff: boolean | undefined;
    if (host) {
      const network = `ecoflow-boot-${Deno.pid}`;
      await run("ip", ["netns", "add", network]);
      try {
        await run("ip", ["-n", network, "link", "set", "lo", "up"]);
        const path = `/run/netns/${network}`;
        // The pairing line goes from one to the other by a shared folder, as by a person's hand.
        await run("mount", ["--bind", join(daemon.root, "opt/shared"), join(host.root, "opt/shared")]);
        const booted = daemon.boot(LIMIT_MS, path);
        isHostOff = await host.boot(LIMIT_MS, path);
        await booted;
      } finally {
        await run("umount", ["--lazy", join(host.root, "opt/shared")]);
        await run("ip", ["netns", "delete", network]);
      }
    } else for (let starts = one.starts ?? 1; starts > 0; starts--) await daemon.boot(LIMIT_MS);
    return outcome(
      daemon.read("opt/result"),
      isHostOff === undefined ? undefined : {
        said: host?.read("opt/result") ?? "",
        isOff: isHostOff,
      },
    );
  } finally {
    await host?.remove();
    await daemon.remove();
  }
}

async function prepare(lower: string, dir: string, programs: Programs, script: string): Promise<Container> {
  const container = await Container.on(lower, dir);
  const opt = join(container.root, "opt");
  for (const name of readdirSync(SCRIPTS)) cpSync(join(SCRIPTS, name), join(opt, name));
  mkdirSync(join(opt, "shared"), { recursive: true });
  cpSync(programs.deb, join(opt, "ecoflow-power.deb"));
  if (programs.before !== undefined) cpSync(programs.before, join(opt, "before.deb"));
  putPrograms(opt, programs);
  if (script === "upgrade.sh") cpSync(programs.daemon, join(opt, "daemon"), { recursive: true });
  if (script === "documents.sh") writePackageScripts(opt);
  if (script === "bridge.sh") await putCertificates(join(opt, "far"));
  writeFileSync(join(opt, "first-boot.sh"), firstBootScript());
  const lastStep = linuxPlatform(true).powerOffNow.map((argv) => argv.map((word) => `'${word}'`).join(" "));
  writeFileSync(join(opt, "power-off-now"), `${lastStep.join("\n")}\n`);
  cpSync(
    fileURLToPath(new URL("../../systemd/ecoflow-agent.service", import.meta.url)),
    join(opt, "ecoflow-agent.service"),
  );
  container.runAtBoot(`/opt/${script}`);
  return container;
}

/** What a cluster's node shows whoever connects to it. */
async function putCertificates(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const authority = await createAuthority();
  const { cert, key } = await authority.issue();
  for (const [name, text] of [["ca", authority.caPem], ["cert", cert], ["key", key]] as const) {
    writeFileSync(join(dir, `${name}.pem`), text);
  }
}

function outcome(text: string, host: { said: string; isOff: boolean } | undefined): Outcome {
  const all = text.trim().split("\n").filter(Boolean);
  const lines = all.filter((line) => line !== "END");
  // A run that broke off has not passed.
  if (all.at(-1) !== "END") lines.push("FAILED the checks came to their end");
  if (host) {
    lines.push(...host.said.trim().split("\n").filter((line) => line !== "" && line !== "END"));
    lines.push(`${host.isOff ? "ok    " : "FAILED"} the second system was powered off`);
  }
  const count = (word: string) => lines.filter((line) => line.startsWith(word)).length;
  return { lines, passed: count("ok "), failed: count("FAILED") };
}

/** The agent and the emulated cloud into a system's `/opt`, each with something that starts it. */
export function putPrograms(opt: string, { agent, cloud }: Pick<Programs, "agent" | "cloud">): void {
  cpSync(agent, join(opt, "agent"), { recursive: true });
  symlinkSync("agent/ecoflow-agent", join(opt, "ecoflow-agent"));
  cpSync(cloud, join(opt, "cloud.js"));
  const start =
    `#!/bin/sh\nexec /opt/agent/runtime/ecoflow-agent run --quiet --allow-all --no-config /opt/cloud.js "$@"\n`;
  writeFileSync(join(opt, "cloud"), start, { mode: 0o755 });
}

/**
 * The package of an older commit, made by its own script; its program is today's, from `/opt/daemon` of the system.
 *
 * @returns undefined when git does not have the commit
 */
export async function packageBefore(commit: string, dir: string): Promise<string | undefined> {
  const source = join(dir, "before");
  mkdirSync(source, { recursive: true });
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const tar = join(dir, "before.tar");
  const archive = new Deno.Command("git", {
    args: ["archive", "--output", tar, commit],
    cwd: root,
    stderr: "null",
  });
  if (!(await archive.output()).success) return undefined;
  await run("tar", ["-xf", tar, "-C", source]);
  const binary = join(dir, "before-program");
  writeFileSync(binary, '#!/bin/sh\nexec /opt/daemon/ecoflow-power "$@"\n', { mode: 0o755 });
  const out = join(dir, "before-deb");
  const args = ["--arch", "amd64", "--binary", binary, "--out", out, "--version", "0.0.9"];
  // It has had two places.
  const script = ["scripts/build/package_deb.ts", "scripts/package_deb.ts"].find((path) =>
    existsSync(join(source, path))
  );
  if (script === undefined) return undefined;
  await run(
    Deno.execPath(),
    ["run", "--quiet", "--allow-all", script, ...args],
    source,
  );
  const [name] = existsSync(out) ? readdirSync(out) : [];
  return name === undefined ? undefined : join(out, name);
}
