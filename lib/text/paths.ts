/** Paths as Linux and macOS write them. Pure. */

/** The directory that a path lies in, as it was written: `.` for a name alone, `/` at the top. */
export function directoryOf(path: string): string {
  const [, before = ""] = /^(.*?)\/*[^/]*\/*$/.exec(path) ?? [];
  return before !== "" ? before : path.startsWith("/") ? "/" : ".";
}

/**
 * The path from the top, without `.` and `..`.
 *
 * @param from Asked only for a relative path, which begins there: an absolute one
 */
export function absolutePath(path: string, from: () => string): string {
  const kept: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${from()}/${path}`).split("/")) {
    if (part === "..") kept.pop();
    else if (part !== "" && part !== ".") kept.push(part);
  }
  return `/${kept.join("/")}`;
}
