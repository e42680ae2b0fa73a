/** A flood of connections from several addresses of loopback, in a worker: each says one line and stays, and comes again when closed. */
import { connect } from "node:net";

addEventListener("message", (event) => {
  const { port, addresses, each } = (event as MessageEvent<
    { port: number; addresses: readonly string[]; each: number }
  >).data;
  for (const address of addresses) for (let i = 0; i < each; i++) stay(port, address);
});

/** One place, taken for ever. */
function stay(port: number, localAddress: string): void {
  const socket = connect({ host: "127.0.0.1", port, localAddress });
  socket.on("connect", () => socket.write("VER\n"));
  socket.on("data", () => {});
  socket.on("error", () => {});
  socket.on("close", () => setTimeout(() => stay(port, localAddress), 50));
}
