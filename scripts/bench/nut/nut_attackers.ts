/** Clients that misbehave against the NUT server, in a worker: the message says where, how many and for how long. */

const encoder = new TextEncoder();

addEventListener("message", (event) => {
  const { port, count, forMs } = (event as MessageEvent<{ port: number; count: number; forMs: number }>).data;
  const stopMs = performance.now() + forMs;
  for (let kind = 0; kind < count; kind++) void misbehave(kind, port, stopMs);
});

/** One bad client after the other, each of its kind, until the time is up. */
async function misbehave(kind: number, port: number, stopMs: number): Promise<void> {
  const bad: readonly ((conn: Deno.Conn) => Promise<void>)[] = [
    // A line that is never ended, a byte at a time.
    async (conn) => {
      while (performance.now() < stopMs) {
        await conn.write(encoder.encode("V"));
        await pause(50);
      }
    },
    // A quote that is never closed, as fast as it goes.
    async (conn) => {
      for (;;) await conn.write(encoder.encode(`"${"x".repeat(4000)}`));
    },
    // Asks for everything and takes nothing.
    async (conn) => {
      while (performance.now() < stopMs) await conn.write(encoder.encode("LIST VAR ups\n".repeat(100)));
    },
    // Guesses passwords.
    async (conn) => {
      await conn.write(encoder.encode("USERNAME host1\nPASSWORD guess\n" + "LOGIN ups\n".repeat(50)));
      await drain(conn);
    },
    // Random bytes.
    async (conn) => {
      const noise = crypto.getRandomValues(new Uint8Array(4096));
      await Promise.all([
        drain(conn),
        (async () => {
          while (performance.now() < stopMs) await conn.write(noise), await pause(20);
        })(),
      ]);
    },
  ];
  while (performance.now() < stopMs) {
    let conn: Deno.Conn | undefined;
    try {
      conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await bad[kind % bad.length]?.(conn);
    } catch {
      // Closed by rule; the next one comes.
    }
    conn?.close();
    await pause(100);
  }
}

async function drain(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(4096);
  while (await conn.read(buffer) !== null);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
