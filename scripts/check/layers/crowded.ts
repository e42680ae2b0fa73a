/** Finds folders that hold too many files side by side: nobody finds a line in them from the folder tree alone. Pure. */

/** So many files may stand in one folder, tests not counted. */
export const MOST_FILES = 15;

/** Every folder with more, by path from the project's root, with its number of files. */
export function crowdedFolders(
  paths: Iterable<string>,
): readonly { readonly folder: string; readonly files: number }[] {
  const counts = new Map<string, number>();
  for (const path of paths) {
    if (path.endsWith("_test.ts")) continue;
    const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].filter(([, files]) => files > MOST_FILES).map(([folder, files]) => ({ folder, files }));
}
