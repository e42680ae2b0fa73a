/** For tests: a NUT server that answers whatever a test wants, on a real socket of 127.0.0.1. */
import { createServer, type Socket } from "node:net";

/** What it does with one line of a client; it may write, wait, or close. */
export type Manners = (line: string, socket: Socket) => void;

/** A server that runs. */
export interface HostileNut {
  readonly port: number;
  /** Connections so far, and those that are open now. */
  readonly counts: () => { readonly all: number; readonly open: number };
  /** From now on it behaves so. */
  behave(manners: Manners): void;
}

/** Runs `run` with a server of its own, which is gone afterwards. */
export async function withHostileNut<T>(
  manners: Manners,
  run: (server: HostileNut) => Promise<T>,
): Promise<T> {
  let now = manners;
  let all = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    all++;
    sockets.add(socket);
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes;
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        now(line, socket);
      }
    });
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await run({
      port: (server.address() as { port: number }).port,
      counts: () => ({ all, open: sockets.size }),
      behave: (next) => {
        now = next;
      },
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Answers `LIST VAR` of a UPS with these lines' worth of variables. */
export function listOf(ups: string, vars: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(vars).map(([name, value]) => `VAR ${ups} ${name} "${value}"\n`).join("");
  return `BEGIN LIST VAR ${ups}\n${lines}END LIST VAR ${ups}\n`;
}
