/** For tests: what Debian's `upsd` needs for STARTTLS, by the library that it was built with. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lackPrograms, runProgram } from "../../nut_server/testdata/debian_programs.ts";
import type { DummyHouseOptions } from "./dummy_house.ts";

const NICK = "house";
/** Another name of the server, that its certificate does not know. */
export const OTHER_NAME = "127.0.0.2";
const WORD = "only-a-test";
const pem = (name: string) =>
  fileURLToPath(new URL(`../../nut_server/testdata/${name}.pem`, import.meta.url));

/** Who signed the server's certificate, and somebody who did not, as PEM. */
export const SIGNERS = {
  own: readFileSync(pem("ca.cert"), "utf8"),
  other: readFileSync(pem("other_ca.cert"), "utf8"),
};

/** Whether this machine's `upsd` takes its certificate from NSS's database (Debian 12), and not from a PEM file (OpenSSL). */
export function hasNss(): boolean {
  return readFileSync("/lib/nut/upsd").includes("libnss3.so");
}

/** Whether a server with TLS cannot be had here: the test is skipped then. */
export function lackTls(): boolean {
  return lackPrograms("upsd", "dummy-ups") || (hasNss() && lackPrograms("certutil", "pk12util"));
}

/** A house whose `upsd` speaks TLS with a certificate for `localhost` and 127.0.0.1, and knows the user `me`. */
export const WITH_TLS: DummyHouseOptions = {
  users: '[me]\n password = "s3cret \\"word\\" \\\\1\\#"\n upsmon secondary\n',
  upsdConf: (dir, port) =>
    `LISTEN ${OTHER_NAME} ${port}\n` +
    (hasNss()
      ? `CERTPATH "${dir}"\nCERTIDENT "${NICK}" "${WORD}"\nCERTREQUEST 0\n`
      : `CERTFILE ${dir}/both.pem\n`),
  prepare: async (dir) => {
    if (!hasNss()) {
      const both = ["server.cert", "server.key"].map((name) => readFileSync(pem(name), "utf8")).join("");
      return writeFileSync(`${dir}/both.pem`, both, { mode: 0o600 });
    }
    const [packet, words] = [`${dir}/house.p12`, `${dir}/words`];
    writeFileSync(words, `${WORD}\n`, { mode: 0o600 });
    await mustRun(
      new Deno.Command("openssl", {
        args: [
          ...["pkcs12", "-export", "-in", pem("server.cert"), "-inkey", pem("server.key")],
          ...["-name", NICK, "-out", packet, "-passout", `file:${words}`],
        ],
      }).output().then(({ code, stderr }) => ({ code, text: new TextDecoder().decode(stderr) })),
    );
    await mustRun(runProgram("certutil", "-N", "-d", dir, "-f", words));
    await mustRun(
      runProgram("certutil", "-A", "-d", dir, "-f", words, "-n", "ca", "-t", "TC,,", "-i", pem("ca.cert")),
    );
    await mustRun(runProgram("pk12util", "-i", packet, "-d", dir, "-k", words, "-w", words));
  },
};

async function mustRun(run: Promise<{ readonly code: number; readonly text: string }>): Promise<void> {
  const { code, text } = await run;
  if (code !== 0) throw new Error(`Cannot make the server's certificate database: ${text}`);
}
