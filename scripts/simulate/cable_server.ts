/** A NUT server on loopback that speaks for one simulated station, for the worlds of real processes. */
import type { SimulatedCable } from "../../commands/simulate/simulated_cable.ts";

/** A running server. */
export interface CableServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts it: `LIST VAR` is answered, everything else refused. */
export function serveCable(cable: SimulatedCable): CableServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const serve = async (connection: Deno.Conn) => {
    open.add(connection);
    const [buffer, encoder] = [new Uint8Array(512), new TextEncoder()];
    try {
      for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
        const isList = new TextDecoder().decode(buffer.subarray(0, count)).startsWith("LIST VAR ");
        await connection.write(encoder.encode(isList ? cable.answer() : "ERR INVALID-ARGUMENT\n"));
      }
    } catch {
      // It was ended by the other side, or by stop().
    } finally {
      if (open.delete(connection)) connection.close();
    }
  };
  const served = (async () => {
    for await (const connection of listener) void serve(connection);
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    async stop() {
      listener.close();
      for (const connection of open) {
        open.delete(connection);
        connection.close();
      }
      await served;
    },
  };
}
