import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { listOverTcp, type NutTarget } from "./client.ts";

const pem = (name: string) =>
  readFileSync(new URL(`../../services/nut_server/testdata/${name}.pem`, import.meta.url), "utf8");
const LIST = 'BEGIN LIST VAR u\nVAR u ups.status "OL"\nEND LIST VAR u\n';

interface Manners {
  /** What it says to STARTTLS; TLS begins when that begins with OK. */
  readonly startTls?: string;
  readonly password?: string;
  /** What it says to a wrong one. */
  readonly refusal?: string;
}

/** A NUT server that speaks TLS, and notes what it was told in clear and under TLS. */
async function asking(manners: Manners, target: Partial<NutTarget>) {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket, isSecret: boolean) => {
    let text = "";
    const take = (bytes: Uint8Array) => {
      text += new TextDecoder().decode(bytes);
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        heard.push(`${isSecret ? "tls" : "clear"} ${line}`);
        if (line === "STARTTLS") {
          const answer = manners.startTls ?? "OK STARTTLS\n";
          socket.write(answer);
          if (!answer.startsWith("OK")) return;
          socket.removeListener("data", take);
          const { cert, key } = { cert: pem("server.cert"), key: pem("server.key") };
          const secret = new TLSSocket(socket, { isServer: true, cert, key });
          secret.on("error", () => {});
          return serve(secret, true);
        }
        if (line.startsWith("USERNAME")) socket.write("OK\n");
        else if (line.startsWith("PASSWORD")) {
          socket.write(
            line === `PASSWORD ${manners.password}` ? "OK\n" : manners.refusal ?? "ERR ACCESS-DENIED\n",
          );
        } else socket.write(LIST);
      }
    };
    socket.on("data", take);
    socket.on("error", () => {});
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, false);
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  const { port } = server.address() as { port: number };
  try {
    const whole = { host: "localhost", port, ups: "u", ...target };
    const answer = await listOverTcp(whole, AbortSignal.timeout(5000)).catch((error) => String(error));
    return { answer, heard };
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const LOGIN = { user: "me", password: "s3cret" };
const TLS = { caPem: pem("ca.cert") };

Deno.test("listOverTcp() logs in under TLS with a certificate that is verified", async () => {
  const { answer, heard } = await asking({ password: "s3cret" }, { tls: TLS, login: LOGIN });
  assert.equal(answer, LIST);
  assert.deepEqual(heard, ["clear STARTTLS", "tls USERNAME me", "tls PASSWORD s3cret", "tls LIST VAR u"]);
});

for (
  const [name, manners, target, problem] of [
    [
      "a certificate that nobody trusted signed",
      {},
      { tls: { caPem: pem("other_ca.cert") } },
      /certificate/i,
    ],
    ["a certificate when no authority is named", {}, { tls: {} }, /certificate|issuer/i],
    ["a certificate of another name", {}, { tls: TLS, host: "127.0.0.2" }, /certificate|name/i],
    [
      "a server without TLS",
      { startTls: "ERR FEATURE-NOT-CONFIGURED\n" },
      { tls: TLS },
      /FEATURE-NOT-CONFIGURED/,
    ],
    ["an answer in clear behind OK STARTTLS", { startTls: `OK STARTTLS\n${LIST}` }, { tls: TLS }, /STARTTLS/],
  ] as const
) {
  Deno.test(`listOverTcp() refuses ${name}, and says no password in clear`, async () => {
    const { answer, heard } = await asking(manners, { login: LOGIN, ...target });
    assert.match(answer, problem);
    assert.ok(!heard.some((line) => /USERNAME|PASSWORD|LIST/.test(line)), heard.join());
  });
}

Deno.test("listOverTcp() says that a log-in was refused, without the password", async () => {
  const { answer, heard } = await asking({ password: "other" }, { login: LOGIN });
  assert.match(answer, /ERR ACCESS-DENIED.*PASSWORD/);
  assert.doesNotMatch(answer, /s3cret/);
  assert.ok(!heard.includes("clear LIST VAR u"));
});

Deno.test("listOverTcp() does not pass on a password that the server echoes", async () => {
  const login = { user: "me", password: 'my "s3cret"' };
  const echo = 'ERR UNKNOWN-COMMAND PASSWORD "my \\"s3cret\\"" (my "s3cret")\n';
  const { answer } = await asking({ password: "other", refusal: echo }, { login });
  assert.match(answer, /UNKNOWN-COMMAND/);
  assert.doesNotMatch(answer, /s3cret/);
});

Deno.test("listOverTcp() makes one word of a password, whatever is in it", async () => {
  const login = { user: "me", password: 'a "b" \\c#' };
  const { answer } = await asking({ password: '"a \\"b\\" \\\\c\\#"' }, { login });
  assert.equal(answer, LIST);
});
