/**
 * Boots a whole 64-bit Arm Debian in emulation, with the arm64 package, and runs the checks of `pi_checks.sh` up to the killed
 * daemon, with all waits longer: an emulated processor is slow.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Container, run } from "../container.ts";
import { armKernel, armRoot, type PageSize } from "./arm_root.ts";

/** How many times longer the checks wait. */
const PACE = 6;
const LIMIT_MS = 70 * 60_000;
const NEEDED = ["qemu-system-aarch64", "qemu-aarch64-static", "debootstrap", "cpio", "mke2fs", "debugfs"];

/** What to boot. */
export interface ArmBootOptions {
  readonly pages: PageSize;
  /** The kernel's `transparent_hugepage`; its own default when absent. */
  readonly hugePages?: "always" | "madvise" | "never";
  readonly cache: string;
  /** A directory of its own, not there yet. */
  readonly dir: string;
  /** Puts what is tried into `/opt`, with `checks.sh`. */
  readonly putIn: (opt: string) => void;
  readonly say: (text: string) => void;
}

/** Installs on this machine what the emulation needs, as root on Debian. */
export async function needEmulator(): Promise<void> {
  const isThere = (name: string) =>
    ["/usr/bin", "/usr/sbin", "/sbin"].some((dir) => existsSync(join(dir, name)));
  if (NEEDED.every(isThere)) return;
  const packages = "debootstrap qemu-user-static qemu-system-arm cpio e2fsprogs";
  await run("sh", ["-c", `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${packages}`]);
}

/** @returns what the checks wrote; without "END" as its last line it broke off */
export async function bootArm({ pages, hugePages, cache, dir, putIn, say }: ArmBootOptions): Promise<string> {
  await needEmulator();
  const lower = await armRoot(cache);
  const { kernel, initrd, version } = await armKernel(pages, cache);
  const disk = `${dir}.img`;
  const system = await Container.on(lower, dir);
  try {
    writeFileSync(join(system.root, "etc/hosts"), "127.0.0.1 localhost\n");
    writeFileSync(join(system.root, "etc/machine-id"), "");
    // The limit of a heartbeat is for real processors; that of a start holds here, too: the daemon says that it gets on.
    const dropIn = join(system.root, "etc/systemd/system/ecoflow-power.service.d");
    Deno.mkdirSync(dropIn, { recursive: true });
    writeFileSync(join(dropIn, "emulated.conf"), "[Service]\nWatchdogSec=180\n");
    putIn(join(system.root, "opt"));
    system.runAtBoot("/opt/checks.sh", String(PACE));
    await run("mke2fs", ["-q", "-F", "-t", "ext4", "-d", system.root, disk, "3G"]);
  } finally {
    await system.remove();
  }
  say(`Booting Linux ${version} in emulation …`);
  const isInTime = await emulate({ kernel, initrd, disk, hugePages });
  if (!isInTime) say(`FAILED it powered off within ${LIMIT_MS / 60_000} min`);
  const result = `${dir}.result`;
  await run("debugfs", ["-R", `dump /opt/result ${result}`, disk]);
  const text = existsSync(result) ? readFileSync(result, "utf8") : "";
  Deno.removeSync(disk);
  return text;
}

/** @returns whether it powered off by itself */
async function emulate(
  { kernel, initrd, disk, hugePages }: { kernel: string; initrd: string; disk: string; hugePages?: string },
): Promise<boolean> {
  const more = hugePages === undefined ? "" : ` transparent_hugepage=${hugePages}`;
  const log = await Deno.open(`${disk}.console`, { write: true, create: true, truncate: true });
  const child = new Deno.Command("qemu-system-aarch64", {
    args: [
      // The processor of a Pi 5.
      ...["-M", "virt", "-cpu", "cortex-a76", "-smp", "2", "-m", "1024", "-accel", "tcg,thread=multi"],
      ...["-nographic", "-no-reboot", "-net", "none", "-kernel", kernel, "-initrd", initrd],
      ...["-append", `root=/dev/vda rw console=ttyAMA0 quiet${more}`],
      ...["-drive", `file=${disk},if=none,id=d,format=raw,cache=unsafe`, "-device", "virtio-blk-pci,drive=d"],
      ...["-device", "virtio-rng-pci"],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const shown = child.stdout.pipeTo(log.writable);
  let isInTime = true;
  const limit = setTimeout(() => {
    isInTime = false;
    child.kill("SIGKILL");
  }, LIMIT_MS);
  await child.status;
  await shown;
  clearTimeout(limit);
  return isInTime;
}
