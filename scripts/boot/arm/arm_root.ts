/**
 * What an emulated 64-bit Arm Debian is made of, once a machine: the root, a kernel, and a small initial RAM disk that finds
 * the disk. Needs root on Debian with debootstrap, qemu-user-static and cpio; nothing is installed on this machine.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../container.ts";

/** The size of the kernel's pages, bytes: 4096 as on most systems, 16384 as a Pi 5 may have it. */
export type PageSize = 4096 | 16384;

/** What boots. */
export interface ArmKernel {
  readonly kernel: string;
  readonly initrd: string;
  /** The kernel's version, for a person. */
  readonly version: string;
}

const PACKAGES =
  "systemd,systemd-sysv,dbus,udev,kmod,mosquitto,mosquitto-clients,ca-certificates,procps,iproute2,openssh-server,openssh-client,netbase";
const MIRROR = "http://deb.debian.org/debian";
/** Only Debian 13 has the kernel with larger pages. */
const KERNELS: Readonly<Record<PageSize, { readonly suite: string; readonly name: string }>> = {
  4096: { suite: "bookworm", name: "linux-image-arm64" },
  16384: { suite: "trixie", name: "linux-image-arm64-16k" },
};
/** What the disk of the emulated machine needs, each after those that it needs. */
const MODULES = [
  ...["virtio", "virtio_ring", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "virtio_mmio"],
  ...["virtio_blk", "crc16", "libcrc32c", "crc32c_generic", "crc32c-cryptoapi", "mbcache", "jbd2", "ext4"],
];

/** The root, with Mosquitto: a Raspberry Pi OS as a person would have it. @returns its directory */
export async function armRoot(cache: string): Promise<string> {
  const root = join(cache, "arm64-bookworm");
  if (existsSync(root)) return root;
  await letArmRun();
  mkdirSync(cache, { recursive: true });
  rmSync(`${root}.part`, { recursive: true, force: true });
  await run("debootstrap", [
    "--arch=arm64",
    "--variant=minbase",
    `--include=${PACKAGES}`,
    "bookworm",
    `${root}.part`,
  ]);
  await run("mv", [`${root}.part`, root]);
  return root;
}

/** This machine's kernel hands Arm programs to qemu from then on. */
async function letArmRun(): Promise<void> {
  const registry = "/proc/sys/fs/binfmt_misc";
  if (existsSync(join(registry, "qemu-aarch64"))) return;
  if (!existsSync(join(registry, "register"))) {
    await run("mount", ["-t", "binfmt_misc", "binfmt_misc", registry]);
  }
  await run("sh", ["-c", `cat /usr/lib/binfmt.d/qemu-aarch64.conf >${registry}/register`]);
}

/** Kernel and RAM disk for pages of one size. */
export async function armKernel(pages: PageSize, cache: string): Promise<ArmKernel> {
  const dir = join(cache, `arm64-kernel-${pages}`);
  if (!existsSync(dir)) {
    const part = `${dir}.part`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true });
    await unpackKernel(KERNELS[pages], part);
    await makeInitrd(part);
    await run("mv", [part, dir]);
  }
  const version = readdirSync(dir).find((name) => name.startsWith("vmlinuz-"))?.slice("vmlinuz-".length);
  if (version === undefined) {
    throw new Error(`Cannot boot: "${dir}" must have a vmlinuz; remove it to have it made anew`);
  }
  return { kernel: join(dir, `vmlinuz-${version}`), initrd: join(dir, "initrd.gz"), version };
}

/** The packages come with lists and settings of their own: this machine's apt knows nothing of Arm afterwards, either. */
async function unpackKernel({ suite, name }: { suite: string; name: string }, dir: string): Promise<void> {
  for (const folder of ["apt/state/lists/partial", "apt/cache/archives/partial", "packages"]) {
    mkdirSync(join(dir, folder), { recursive: true });
  }
  writeFileSync(join(dir, "apt/sources"), `deb ${MIRROR} ${suite} main\n`);
  writeFileSync(join(dir, "apt/state/status"), "");
  const settings = [
    "APT::Architecture=arm64",
    "APT::Architectures=arm64",
    `Dir::State=${dir}/apt/state`,
    `Dir::State::status=${dir}/apt/state/status`,
    `Dir::Cache=${dir}/apt/cache`,
    `Dir::Etc::sourcelist=${dir}/apt/sources`,
    "Dir::Etc::sourceparts=-",
  ].flatMap((setting) => ["-o", setting]);
  await run("apt-get", [...settings, "-q", "update"]);
  const script = `set -e
    image=$(apt-cache "$@" depends ${name} | awk '/Depends: linux-image-[0-9]/ {print $2; exit}')
    cd '${dir}/packages'
    apt-get "$@" download "$image" busybox-static
    for package in *.deb; do dpkg-deb -x "$package" '${dir}/unpacked'; done
    cp '${dir}'/unpacked/boot/vmlinuz-* '${dir}/'`;
  await run("sh", ["-c", script, "sh", ...settings]);
  rmSync(join(dir, "apt"), { recursive: true });
  rmSync(join(dir, "packages"), { recursive: true });
}

/** Its own small one: mkinitramfs takes many minutes in emulation. */
async function makeInitrd(dir: string): Promise<void> {
  const inside = join(dir, "initrd");
  for (const name of ["bin", "mnt", "proc", "sys", "dev", "mods"]) {
    mkdirSync(join(inside, name), { recursive: true });
  }
  const busybox = ["bin/busybox", "usr/bin/busybox"].map((path) => join(dir, "unpacked", path)).find(
    existsSync,
  );
  if (busybox === undefined) {
    throw new Error('Cannot make the RAM disk: "busybox-static" must have a busybox');
  }
  cpSync(busybox, join(inside, "bin/busybox"));
  writeFileSync(
    join(inside, "init"),
    `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc; /bin/busybox mount -t sysfs sys /sys; /bin/busybox mount -t devtmpfs dev /dev
for one in ${MODULES.join(" ")}; do [ -e /mods/$one.ko ] && /bin/busybox insmod /mods/$one.ko; done
tries=0; while [ ! -b /dev/vda ] && [ $tries -lt 100 ]; do /bin/busybox sleep 0.1; tries=$((tries + 1)); done
/bin/busybox mount -t ext4 /dev/vda /mnt && exec /bin/busybox switch_root /mnt /sbin/init
echo "There is no disk"; /bin/busybox poweroff -f
`,
    { mode: 0o755 },
  );
  const script = `set -e
    for one in ${MODULES.join(" ")}; do
      found=$(find unpacked -name "$one.ko" -o -name "$one.ko.xz" | head -n 1)
      case $found in *.xz) xz -dc "$found" >initrd/mods/$one.ko;; ?*) cp "$found" initrd/mods/;; esac
    done
    (cd initrd && find . | cpio --quiet -o -H newc | gzip -1) >initrd.gz
    rm -rf initrd unpacked`;
  await run("sh", ["-c", script], dir);
}
