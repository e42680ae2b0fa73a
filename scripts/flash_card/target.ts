/** Whether a block device may be written to: never one that this system uses. */

/** What the kernel says of block devices. */
export interface BlockDevices {
  /** Names of all in `/sys/class/block`. */
  readonly names: readonly string[];
  /** Whether the device is a partition of another. */
  isPartition(name: string): boolean;
  /** The text of `/sys/class/block/NAME/dev`: `major:minor`. */
  numberOf(name: string): string;
  /** Names of devices built on it: mappings, arrays. */
  holdersOf(name: string): readonly string[];
  /** `/proc/self/mountinfo`. */
  readonly mounts: string;
  /** `/proc/swaps`. */
  readonly swaps: string;
  /** Whether it can be taken out, or sits behind USB or a card reader. */
  isRemovable(name: string): boolean;
}

/** Why a device must not be written to, or undefined. @param name As in `/sys/class/block`, such as `sdb` */
export function targetProblem(name: string, devices: BlockDevices): string | undefined {
  if (!devices.names.includes(name)) return "must be a block device or an image file";
  if (devices.isPartition(name)) return "must be the whole card, found one of its partitions";
  const parts = devices.names.filter((one) =>
    one === name || (one.startsWith(name) && devices.isPartition(one))
  );
  for (const part of parts) {
    const mount = mountPointOf(part, devices.numberOf(part), devices.mounts);
    if (mount !== undefined) return `must not be in use, found ${part} mounted on ${mount}: unmount it first`;
    if (devices.swaps.split("\n").some((line) => line.split(/\s/)[0] === `/dev/${part}`)) {
      return `must not be in use, found swap on ${part}`;
    }
    const [holder] = devices.holdersOf(part);
    if (holder !== undefined) return `must not be in use, found ${holder} built on ${part}`;
  }
  if (!devices.isRemovable(name)) return "must be a card or a USB disk, found a disk that is built in";
  return undefined;
}

/** By its number, and by its name: btrfs shows a number of its own. */
function mountPointOf(name: string, number: string, mountinfo: string): string | undefined {
  for (const line of mountinfo.split("\n")) {
    const [, , device, , point] = line.split(" ");
    const [, source] = line.split(" - ")[1]?.split(" ") ?? [];
    if (device === number || source === `/dev/${name}`) return point;
  }
  return undefined;
}

/** This machine's devices. */
export function blockDevices(): BlockDevices {
  const dir = "/sys/class/block";
  const text = (path: string) => {
    try {
      return Deno.readTextFileSync(path).trim();
    } catch {
      return "";
    }
  };
  const list = (path: string) => {
    try {
      return [...Deno.readDirSync(path)].map(({ name }) => name);
    } catch {
      return [];
    }
  };
  return {
    names: list(dir),
    isPartition: (name) => text(`${dir}/${name}/partition`) !== "",
    numberOf: (name) => text(`${dir}/${name}/dev`),
    holdersOf: (name) => list(`${dir}/${name}/holders`),
    mounts: text("/proc/self/mountinfo"),
    swaps: text("/proc/swaps"),
    isRemovable: (name) =>
      text(`${dir}/${name}/removable`) === "1" || name.startsWith("mmcblk") || isUsb(name),
  };
}

function isUsb(name: string): boolean {
  try {
    return Deno.realPathSync(`/sys/class/block/${name}`).includes("/usb");
  } catch {
    return false;
  }
}
