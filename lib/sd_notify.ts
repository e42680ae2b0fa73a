/** Tells systemd how we are (sd_notify(3)): datagrams to the socket that `NOTIFY_SOCKET` names. */

/** What systemd understands here. */
export type SdState = "READY=1" | "STOPPING=1" | "WATCHDOG=1" | `STATUS=${string}`;

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
 * @param ownPath A path to bind our end to, in a directory that we may write; removed on close
 */
export function openSdNotify(socketPath: string | undefined, ownPath: string): SdNotify {
  if (!socketPath) return { send() {}, close() {} };
  const path = socketPath.startsWith("@") ? `\0${socketPath.slice(1)}` : socketPath;
  removeIfThere(ownPath);
  const socket = Deno.listenDatagram({ transport: "unixpacket", path: ownPath });
  const encoder = new TextEncoder();
  return {
    send(state) {
      void socket.send(encoder.encode(state), { transport: "unixpacket", path }).catch(() => {});
    },
    close() {
      socket.close();
      removeIfThere(ownPath);
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

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
