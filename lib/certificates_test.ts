import assert from "node:assert/strict";
import { type CertificateOptions, createAuthority } from "./certificates.ts";

const HOUR_MS = 3_600_000;

const rows: readonly {
  name: string;
  certificate?: CertificateOptions;
  hostname?: string;
  trusted?: boolean;
  outcome: RegExp;
}[] = [
  { name: "is good for localhost", outcome: /^verified$/ },
  { name: "is good for 127.0.0.1", hostname: "127.0.0.1", outcome: /^verified$/ },
  {
    name: "is refused for another name",
    certificate: { names: ["other.example"] },
    outcome: /NotValidForName|not valid for name/,
  },
  {
    name: "is refused after its end",
    certificate: { notBeforeMs: Date.now() - 2 * HOUR_MS, notAfterMs: Date.now() - HOUR_MS },
    outcome: /certificate expired|Expired/,
  },
  {
    name: "is refused before its beginning",
    certificate: { notBeforeMs: Date.now() + HOUR_MS },
    outcome: /not valid yet|NotValidYet/,
  },
  { name: "is refused without its authority", trusted: false, outcome: /UnknownIssuer/ },
  { name: "is refused when it is a client's", certificate: { usage: "client" }, outcome: /purpose|usage/i },
];

for (const { name, certificate, hostname = "localhost", trusted = true, outcome } of rows) {
  Deno.test(`createAuthority() issues a certificate that ${name}`, async () => {
    const authority = await createAuthority();
    const listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      ...await authority.issue(certificate),
    });
    const served = listener.accept()
      .then(async (connection) => {
        await connection.handshake().catch(() => {});
        connection.close();
      });
    const seen = await verify(hostname, listener.addr.port, trusted ? [authority.caPem] : []);
    await served;
    listener.close();
    assert.match(seen, outcome);
  });
}

async function verify(hostname: string, port: number, caCerts: string[]): Promise<string> {
  const connection = await Deno.connectTls({ hostname, port, caCerts });
  try {
    await connection.handshake();
    return "verified";
  } catch (error) {
    return String(error);
  } finally {
    connection.close();
  }
}
