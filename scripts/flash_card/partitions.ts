/** Reads the partition table of a Raspberry Pi OS image or card. Pure. Source: MBR as in the UEFI specification, 5.2.1. */

const SECTOR_BYTES = 512;
const TABLE_AT = 446;
const ENTRY_BYTES = 16;
/** FAT32 and FAT16, with LBA addressing or without. */
const FAT_TYPES: readonly number[] = [0x0b, 0x0c, 0x0e, 0x06];
const LINUX_TYPE = 0x83;

/** Where the boot partition lies. */
export interface BootPartition {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/**
 * The FAT partition that a Pi boots from: the first one, with a Linux one behind it.
 *
 * @param start The first 512 bytes
 * @throws RangeError saying what was wanted and what was seen
 */
export function findBootPartition(start: Uint8Array, source: string): BootPartition {
  const refuse = (found: string) =>
    new RangeError(
      `Cannot use ${source}: must be a Raspberry Pi OS image or a card with one, found ${found}`,
    );
  if (start.length < SECTOR_BYTES) throw refuse(`${start.length} bytes`);
  if (start[0] === 0xfd && start[1] === 0x37) {
    throw refuse("an .xz archive: unpack it first with xz --decompress");
  }
  if (start[0] === 0x50 && start[1] === 0x4b) throw refuse("a .zip archive: unpack it first");
  if (start[510] !== 0x55 || start[511] !== 0xaa) throw refuse("no partition table");
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const [boot, root] = [0, 1].map((index) => {
    const at = TABLE_AT + index * ENTRY_BYTES;
    return {
      type: view.getUint8(at + 4),
      first: view.getUint32(at + 8, true),
      sectors: view.getUint32(at + 12, true),
    };
  });
  if (!boot || !root || boot.sectors === 0) throw refuse("no first partition");
  if (boot.type === 0xee) throw refuse("a GPT partition table");
  if (!FAT_TYPES.includes(boot.type)) {
    throw refuse(`a first partition of type 0x${boot.type.toString(16)}, not FAT`);
  }
  if (root.type !== LINUX_TYPE) {
    throw refuse(`a second partition of type 0x${root.type.toString(16)}, not Linux`);
  }
  return { offsetBytes: boot.first * SECTOR_BYTES, sizeBytes: boot.sectors * SECTOR_BYTES };
}
