/** Tells systemd how we are (sd_notify(3)): datagrams to the socket that `NOTIFY_SOCKET` names. */

import { errorText } from "../errors.ts";

/** What systemd understands here. */
export type SdState =
  | "READY=1"
  | "STOPPING=1"
  | "WATCHDOG=1"
  | `EXTEND_TIMEOUT_USEC=${number}`
  | `STATUS=${string}`;

/** A way to systemd. */
export interface SdNotify {
  /** Sends; a lost datagram is no error. */
  send(state: SdState): void;
  close(): void;
}

/**
 * Opens the way to systemd, or one that leads nowhere when nobody listens.
 *
 * @param socketPath The value of `NOTIFY_SOCKET`; a leading `@` means Linux's abstract namespace
 * @param ownPaths Paths to bind our end to; the first that can be written is taken, and removed on close
 * @throws Error when none can be written: without READY systemd would end us
 */
export function openSdNotify(socketPath: string | undefined, ...ownPaths: readonly string[]): SdNotify {
  if (!socketPath) return { send() {}, close() {} };
  const path = socketPath.startsWith("@") ? `\0${socketPath.slice(1)}` : socketPath;
  const { socket, ownPath } = bindFirst(ownPaths);
  const encoder = new TextEncoder();
  return {
    send(state) {
      void socket.send(encoder.encode(state), { transport: "unixpacket", path }).catch(() => {});
    },
    close() {
      socket.close();
      try {
        removeIfThere(ownPath);
      } catch {
        // What is left over is taken away by the next start; a stop must not end as a failure for it.
      }
    },
  };
}

/**
 * How often the watchdog must be fed, ms: half of what systemd allows, so that one late feed does no harm.
 *
 * @param watchdogUsec The value of `WATCHDOG_USEC`; undefined when systemd does not watch
 */
export function watchdogIntervalMs(watchdogUsec: string | undefined): number | undefined {
  const micros = Number(watchdogUsec);
  return Number.isFinite(micros) && micros > 0 ? micros / 2000 : undefined;
}

function bindFirst(paths: readonly string[]): { socket: Deno.DatagramConn; ownPath: string } {
  let cause: unknown;
  for (const ownPath of paths) {
    try {
      removeIfThere(ownPath);
      return { socket: Deno.listenDatagram({ transport: "unixpacket", path: ownPath }), ownPath };
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(`Cannot open a way to systemd at ${paths.join(" or ")}: ${errorText(cause)}`, { cause });
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
