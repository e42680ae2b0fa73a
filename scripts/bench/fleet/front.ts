/** What stands before a cluster: takes a connection, and hands it to a node that is there. Also a line that can be cut. */

/** A running front. */
export interface Front {
  readonly port: number;
  /** Bytes that went through so far, both ways. */
  bytes(): number;
  /** Cuts what is open, and takes nothing until {@link mend}. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** Starts one. @param targets Ports on loopback, asked in turn, each connection by the next one that answers */
export function startFront(targets: readonly number[]): Front {
  let listener: Deno.TcpListener | undefined = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const open = new Set<Deno.TcpConn>();
  let [bytes, next] = [0, 0];
  const close = (conn: Deno.TcpConn) => {
    if (!open.delete(conn)) return;
    try {
      conn.close();
    } catch {
      // The other end was faster.
    }
  };
  const reach = async (): Promise<Deno.TcpConn | undefined> => {
    const first = next++;
    for (let i = 0; i < targets.length; i++) {
      const port = targets[(first + i) % targets.length] ?? 0;
      const conn = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
      if (conn) return conn;
    }
  };
  const pump = async (from: Deno.TcpConn, to: Deno.TcpConn) => {
    const buffer = new Uint8Array(16_384);
    try {
      for (let n; (n = await from.read(buffer)) !== null;) {
        bytes += n;
        for (let written = 0; written < n;) written += await to.write(buffer.subarray(written, n));
      }
    } catch {
      // Cut, or gone: both ends hear of it below.
    }
    close(from);
    close(to);
  };
  const serve = async (conn: Deno.TcpConn) => {
    open.add(conn);
    const node = await reach();
    if (!node || !listener) return close(conn);
    open.add(node);
    void pump(conn, node);
    void pump(node, conn);
  };
  const accept = async (from: Deno.TcpListener) => {
    for await (const conn of from) void serve(conn);
  };
  let done = accept(listener).catch(() => {});
  const cut = () => {
    // Nobody answers any more, as where a line is away.
    listener?.close();
    listener = undefined;
    for (const conn of [...open]) close(conn);
  };
  return {
    port,
    bytes: () => bytes,
    cut,
    mend() {
      listener ??= Deno.listen({ hostname: "127.0.0.1", port });
      done = accept(listener).catch(() => {});
    },
    async stop() {
      cut();
      await done;
    },
  };
}
