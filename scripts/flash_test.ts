/** The card writer on an image file with a real FAT file system, read back with other programs' eyes. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse as parseToml } from "smol-toml";
import { findBootPartition } from "./flash_card/partitions.ts";
import { type BlockDevices, targetProblem } from "./flash_card/target.ts";

const OFFSET = 4 * 1024 * 1024;
const SIZE = 40 * 1024 * 1024;
const PASSWORD = "app pass-wörd 'x'";

function sh(script: string): string {
  const { success, stdout, stderr } = new Deno.Command("bash", {
    args: ["-ec", `PATH=$PATH:/sbin:/usr/sbin; ${script}`],
    env: { MTOOLS_SKIP_CHECK: "1" },
  }).outputSync();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** The first sector, with two partitions of these types. */
function mbr(first = 0x0c, second = 0x83): Uint8Array {
  const bytes = new Uint8Array(512);
  const view = new DataView(bytes.buffer);
  for (const [index, type] of [first, second].entries()) {
    const at = 446 + index * 16;
    view.setUint8(at + 4, type);
    view.setUint32(at + 8, (OFFSET + index * (SIZE - OFFSET)) / 512, true);
    view.setUint32(at + 12, (SIZE - OFFSET) / 512, true);
  }
  bytes.set([0x55, 0xaa], 510);
  return bytes;
}

/** An image as Raspberry Pi OS has it, with these files on its boot partition. */
function makeImage(path: string, names: readonly string[]): void {
  writeFileSync(path, mbr());
  sh(
    `truncate -s ${SIZE} ${path}; mkfs.vfat -F 32 -n bootfs --offset ${OFFSET / 512} ${path} ${
      (SIZE - OFFSET) / 1024
    } >/dev/null`,
  );
  writeFileSync(`${path}.file`, "template\n");
  for (const name of names) sh(`mcopy -i ${path}@@${OFFSET} ${path}.file ::${name}`);
}

const RASPBERRY = ["config.txt", "cmdline.txt", "kernel8.img", "user-data", "meta-data", "network-config"];

async function inWorkshop(
  run: (workshop: { dir: string; flash: typeof flashIn }) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-flash-"));
  try {
    makeImage(join(dir, "os.img"), RASPBERRY);
    for (const arch of ["arm64", "amd64"]) {
      sh(
        `mkdir -p ${dir}/${arch}/DEBIAN; printf 'Package: ecoflow-power\\nVersion: 1.0\\nArchitecture: ${arch}\\nMaintainer: x <x@x.x>\\nDescription: x\\n' > ${dir}/${arch}/DEBIAN/control; dpkg-deb --build ${dir}/${arch} ${dir}/${arch}.deb >/dev/null`,
      );
    }
    writeFileSync(join(dir, "pass"), `${PASSWORD}\n`);
    writeFileSync(
      join(dir, "setup.toml"),
      `[account]\nuser = "me@example.com"\npass_file = "${dir}/pass"\n[[station]]\nsn = "R631SIM000000001"\nname = "Study"\nhosts = ["pc"]\n`,
    );
    writeFileSync(join(dir, "key.pub"), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFake me@laptop\n");
    writeFileSync(join(dir, "wifi"), "radio password\n");
    await run({ dir, flash: flashIn });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const flashIn = Object.assign(flashWith({}), { in: flashWith });

function flashWith(env: Readonly<Record<string, string>>) {
  return async (...args: readonly string[]) => {
    const script = fileURLToPath(new URL("flash", import.meta.url));
    const { code, stdout, stderr } = await new Deno.Command(script, { args: [...args], stdin: "null", env })
      .output();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  };
}

Deno.test("flash writes an image with everything that the first boot needs, and asks nobody for a mount", () =>
  inWorkshop(async ({ dir, flash }) => {
    const target = join(dir, "card.img");
    const { code, stdout, stderr } = await flash(
      ...[
        "--image",
        `${dir}/os.img`,
        "--target",
        target,
        "--deb",
        `${dir}/arm64.deb`,
        "--setup",
        `${dir}/setup.toml`,
      ],
      ...["--hostname", "power-pi", "--user", "me", "--ssh-key", `${dir}/key.pub`],
      ...["--wifi", 'Home: \'n "y"', "--wifi-password-file", `${dir}/wifi`, "--wifi-country", "DE", "--yes"],
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /ecoflow-power 1\.0 arm64/);
    assert.doesNotMatch(stdout, /pass-wörd|radio password/);
    sh(`mkdir ${dir}/out; mcopy -s -i ${target}@@${OFFSET} '::*' ${dir}/out`);
    const read = (name: string) => readFileSync(join(dir, "out", name), "utf8");
    assert.equal(sh(`cmp ${dir}/arm64.deb ${dir}/out/ecoflow-power.deb && echo same`), "same\n");
    assert.equal(read("config.txt"), "template\n");
    // cloud-init's own eyes.
    assert.match(sh(`cloud-init schema --config-file ${dir}/out/user-data`), /Valid/);
    const user = JSON.parse(read("user-data").replace("#cloud-config\n", ""));
    assert.equal(user.hostname, "power-pi");
    assert.deepEqual(user.runcmd.at(-1), ["sh", "/boot/firmware/ecoflow-first-boot.sh"]);
    const network = JSON.parse(read("network-config"));
    assert.deepEqual(network.wifis.wlan0["access-points"], {
      'Home: \'n "y"': { password: "radio password" },
    });
    assert.match(JSON.parse(read("meta-data"))["instance-id"], /^ecoflow-/);
    const answers = parseToml(read("ecoflow-setup.toml")) as { account: Record<string, string> };
    assert.deepEqual({ ...answers.account }, { user: "me@example.com", pass: PASSWORD });
    sh(`sh -n ${dir}/out/ecoflow-first-boot.sh`);
    // The file system is whole.
    sh(`tail -c +${OFFSET + 1} ${target} > ${dir}/part; fsck.vfat -n ${dir}/part`);

    const again = await flash("--target", target, "--deb", `${dir}/arm64.deb`, "--yes");
    assert.equal(again.code, 0, again.stderr);
  }));

Deno.test("flash leaves no secret on the machine, also when it is ended in the middle", () =>
  inWorkshop(async ({ dir, flash }) => {
    // mcopy as it is called: what it sees of our secrets in files, or in its own words.
    sh(
      `mkdir ${dir}/bin ${dir}/tmp; printf '#!/bin/sh\\n{ echo "$@"; cat ${dir}/tmp/*; } >>${dir}/seen 2>/dev/null\\nexec /usr/bin/mcopy "$@"\\n' >${dir}/bin/mcopy; chmod +x ${dir}/bin/mcopy`,
    );
    const { PATH = "" } = Deno.env.toObject();
    const { code, stderr } = await flash.in({ PATH: `${dir}/bin:${PATH}`, TMPDIR: `${dir}/tmp` })(
      ...["--target", `${dir}/os.img`, "--deb", `${dir}/arm64.deb`, "--setup", `${dir}/setup.toml`, "--yes"],
      ...["--wifi", "x", "--wifi-password-file", `${dir}/wifi`, "--wifi-country", "DE"],
    );
    assert.equal(code, 0, stderr);
    assert.match(readFileSync(`${dir}/seen`, "utf8"), /ecoflow-setup\.toml/);
    assert.doesNotMatch(readFileSync(`${dir}/seen`, "utf8"), /pass-wörd|radio password/);
    assert.match(sh(`mtype -i ${dir}/os.img@@${OFFSET} ::ecoflow-setup.toml`), /pass-wörd/);
  }));

Deno.test("flash refuses what it must, and then has written nothing", () =>
  inWorkshop(async ({ dir, flash }) => {
    const good = ["--target", `${dir}/os.img`, "--deb", `${dir}/arm64.deb`];
    const before = readFileSync(`${dir}/os.img`);
    const refused = async (args: readonly string[], wanted: RegExp) => {
      const { code, stderr } = await flash(...args);
      assert.notEqual(code, 0);
      assert.match(stderr, wanted);
    };
    await refused(["--deb", `${dir}/arm64.deb`], /--target and --deb are needed/);
    await refused(
      [...good.slice(0, 2), "--deb", `${dir}/amd64.deb`, "--yes"],
      /must be for arm64, found amd64/,
    );
    await refused(
      [...good.slice(0, 2), "--deb", `${dir}/pass`, "--yes"],
      /must be the package ecoflow-power, found none/,
    );
    await refused([...good, "--user", "me", "--yes"], /come together/);
    await refused([...good, "--user", "me", "--ssh-key", `${dir}/pass`, "--yes"], /must be a public key/);
    await refused(
      [...good, "--wifi", "x", "--wifi-password-file", `${dir}/wifi`, "--yes"],
      /--wifi-country must be/,
    );
    await refused([...good, "--hostname", "a b", "--yes"], /--hostname must be/);
    await refused([...good, "--setup", `${dir}/pass`, "--yes"], /must be TOML/);
    await refused([...good], /Nothing was written/);
    const root = sh("findmnt -no SOURCE / || true").trim();
    if (root.startsWith("/dev/")) {
      for (const spelled of [root, `/${root}`, `/tmp/..${root}`, `${dir}/link`]) {
        if (spelled.endsWith("link")) Deno.symlinkSync(root, spelled);
        await refused(["--target", spelled, "--deb", `${dir}/arm64.deb`, "--yes"], /Cannot write to/);
      }
    }
    await refused(["--target", dir, "--deb", `${dir}/arm64.deb`, "--yes"], /Cannot write to/);
    await refused(["--target", "/dev/ecoflow-none", "--deb", `${dir}/arm64.deb`, "--yes"], /No such file/);
    const dry = await flash(...good, "--dry-run");
    assert.match(dry.stdout, /Nothing was written\.$/m);
    assert.deepEqual(readFileSync(`${dir}/os.img`), before);
    for (
      const [name, wanted] of [["kernel8.img", /64-bit/], ["user-data", /with cloud-init/], [
        "config.txt",
        /no config/,
      ]] as const
    ) {
      makeImage(`${dir}/other.img`, RASPBERRY.filter((one) => one !== name));
      await refused(["--target", `${dir}/other.img`, "--deb", `${dir}/arm64.deb`, "--yes"], wanted);
    }
  }));

const SECTORS: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["nothing", new Uint8Array(0), /found 0 bytes/],
  ["zeros", new Uint8Array(512), /no partition table/],
  ["an archive", Uint8Array.from({ length: 512 }, (_, i) => [0xfd, 0x37][i] ?? 0), /unpack it first/],
  ["a GPT disk", mbr(0xee), /GPT/],
  ["a disk of ext4", mbr(0x83), /type 0x83, not FAT/],
  ["a stick", mbr(0x0c, 0), /second partition of type 0x0/],
];
for (const [name, bytes, wanted] of SECTORS) {
  Deno.test(`findBootPartition() refuses ${name}`, () => {
    assert.throws(() => findBootPartition(bytes, "x"), wanted);
  });
}

const DEVICES: BlockDevices = {
  names: ["sda", "sda1", "sdb", "sdb1", "sdb2", "sdc", "sdc1", "sde", "sde1", "nvme0n1", "dm-0"],
  isPartition: (name) => /^sd.\d$/.test(name),
  numberOf: (name) =>
    ({ sda: "8:0", sda1: "8:1", sdb: "8:16", sdb1: "8:17", sdb2: "8:18", sdc1: "8:33" })[name] ?? "",
  holdersOf: (name) => name === "sdc1" ? ["dm-0"] : [],
  mounts:
    "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n23 1 0:42 /@ /data rw - btrfs /dev/sde1 rw,subvol=/@\n",
  swaps: "Filename Type\n/dev/sdd1 partition\n",
  isRemovable: (name) => name.startsWith("sd"),
};
const TARGETS: readonly (readonly [string, RegExp | undefined])[] = [
  ["sda", /sda1 mounted on \//],
  ["sda1", /whole card/],
  ["sdb", undefined],
  ["sde", /sde1 mounted on \/data/],
  ["sdc", /dm-0 built on sdc1/],
  ["nvme0n1", /built in/],
  ["sdz", /block device/],
];
for (const [name, wanted] of TARGETS) {
  Deno.test(`targetProblem() ${wanted ? "refuses" : "takes"} ${name}`, () => {
    const problem = targetProblem(name, DEVICES);
    if (wanted) assert.match(problem ?? "", wanted);
    else assert.equal(problem, undefined);
  });
}
