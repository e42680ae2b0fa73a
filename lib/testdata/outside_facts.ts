/** Other people's facts and recordings, which tests read where they are and the repository never holds. */
import { existsSync } from "node:fs";

/** A file or folder beside the repository. */
export interface OutsideFacts {
  readonly url: URL;
  /** True where it is absent: the test is then reported as skipped, never as passed. */
  readonly ignore: boolean;
}

/** @param path Below the facts' folder, for example `protocol/messages.json` */
export function outsideFacts(path: string): OutsideFacts {
  const url = new URL(`../../../shared/${path}`, import.meta.url);
  return { url, ignore: !existsSync(url) };
}
