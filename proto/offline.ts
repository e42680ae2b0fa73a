/** How EcoFlow's cloud says, in place of a station, that the station is not connected to it. */
import type { Header } from "./frame.ts";

/** The `code` of such a header. */
const HEADER_CODE_OFFLINE = "-2";

/** The `code` of a JSON answer that says the same. @see docs/protocol.md "Asking for everything" */
export const JSON_CODE_OFFLINE = "6012";

/** Whether a header is the cloud's word that the station is away: it has that code, and no command. */
export function isOfflineHeader({ code, cmd_func }: Pick<Header, "code" | "cmd_func">): boolean {
  return code === HEADER_CODE_OFFLINE && cmd_func === undefined;
}
