/** In which form this program is installed. */
import { isThere } from "./is_there.ts";
import type { Installation } from "../../lib/text/typable.ts";

/** What can be seen of it. */
interface Seen {
  /** Of this module: the sources' own, or that of a bundle. */
  readonly moduleUrl: string;
  readonly isStandalone: boolean;
  /** A systemd runs this machine. */
  readonly hasSystemd: boolean;
}

/** Looks at this program and this machine. @param root Below which the machine's files lie */
export function installationHere(root = "/"): Installation {
  return installationOf({
    moduleUrl: import.meta.url,
    isStandalone: Deno.build.standalone,
    hasSystemd: isThere(`${root}run/systemd/system`),
  });
}

/** Judges what was seen. The program has two forms: compiled, or one bundle beside Deno's own runtime. */
export function installationOf({ moduleUrl, isStandalone, hasSystemd }: Seen): Installation {
  if (!isStandalone && moduleUrl.endsWith(".ts")) return "checkout";
  return hasSystemd ? "package" : "container";
}
