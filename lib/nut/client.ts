/** A NUT server as its clients see it: one question a connection. What an answer means is `ups_vars.ts`. */
import { hideSecrets } from "../log/hide_secrets.ts";

/** Where to ask for what. */
export interface NutTarget {
  readonly host: string;
  readonly port: number;
  readonly ups: string;
  /** Absent: nobody logs in. A password never stands in an error text. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Absent: plain TCP. Else STARTTLS comes first, and the certificate is verified; a server without it is not asked. */
  readonly tls?: {
    /** PEM of those who are trusted to sign; absent: the runtime's own list. */
    readonly caPem?: string;
  };
}

/** Sends one line and resolves with the first line of the answer; rejects when there is none in time. */
export type AskNut = (target: NutTarget, question: string, signal: AbortSignal) => Promise<string>;

/** Resolves with the whole answer to `LIST VAR`; rejects when there is none in time, or it is too long. */
export type ListNut = (target: NutTarget, signal: AbortSignal) => Promise<string>;

/** A single answer is one short line; anything longer is none. */
const LONGEST_LINE = 512;
/** A list of one UPS is some kB; more is no list, bytes. */
const LONGEST_LIST = 65_536;

/** The first line of the answer; needs `net` for the target. */
export const askOverTcp: AskNut = async (target, question, signal) => {
  return firstLine(await exchange(target, question, isLine, signal));
};

/** All variables of the UPS, from `BEGIN` to `END`, or the error line; needs `net` for the target. */
export const listOverTcp: ListNut = (target, signal) => {
  return exchange(target, `LIST VAR ${target.ups}\n`, isListTo(`END LIST VAR ${target.ups}`), signal);
};

/** The UPSes of a server, from `BEGIN` to `END`, or the error line; needs `net` for the target, whose `ups` is not used. */
export const listUpsOverTcp: ListNut = (target, signal) =>
  exchange(target, "LIST UPS\n", isListTo("END LIST UPS"), signal);

/** Whether an answer is whole, by its end alone: a server may send it byte by byte. @throws Error when it is too long */
function isListTo(end: string): (text: string) => boolean {
  return (text) => {
    if (text.length > LONGEST_LIST) throw new Error(`it answered more than ${LONGEST_LIST} bytes`);
    if (text.startsWith("ERR ")) return text.includes("\n");
    return text.endsWith(`\n${end}\n`) || text.endsWith(`\n${end}\r\n`);
  };
}

const isLine = (text: string) => text.includes("\n") || text.length >= LONGEST_LINE;
const firstLine = (text: string) => text.split("\n")[0] ?? "";

async function exchange(
  { host, port, tls, login }: NutTarget,
  question: string,
  isWhole: (text: string) => boolean,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  let connection: Deno.Conn = await Deno.connect({ hostname: host, port, signal });
  const close = () => {
    try {
      connection.close();
    } catch {
      // It was closed before.
    }
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    if (tls) {
      const answer = await ask(connection, "STARTTLS\n", isLine);
      // Whatever follows that line was said in clear, and would be read as if it were not.
      if (!/^OK STARTTLS\r?\n$/.test(answer)) {
        throw new Error(`it answered ${shown(answer)} to STARTTLS, wanted "OK STARTTLS"`);
      }
      connection = await Deno.startTls(connection as Deno.TcpConn, {
        hostname: host,
        ...(tls.caPem === undefined ? {} : { caCerts: [tls.caPem] }),
      });
      signal.throwIfAborted();
    }
    if (login) {
      for (const [word, value] of [["USERNAME", login.user], ["PASSWORD", login.password]] as const) {
        const answer = await ask(connection, `${word} ${quoted(value)}\n`, isLine);
        if (/^OK\b/.test(answer)) continue;
        // Some servers say again what they do not understand.
        const said = shown(hideSecrets(firstLine(answer), [login.password]));
        throw new Error(`it answered ${said} to ${word}, wanted "OK"`);
      }
    }
    return await ask(connection, question, isWhole);
  } finally {
    signal.removeEventListener("abort", close);
    close();
    signal.throwIfAborted();
  }
}

async function ask(connection: Deno.Conn, line: string, isWhole: (text: string) => boolean): Promise<string> {
  const bytes = new TextEncoder().encode(line);
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  const decoder = new TextDecoder();
  let text = "";
  const buffer = new Uint8Array(4096);
  while (!isWhole(text)) {
    const count = await connection.read(buffer);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return text;
}

/** One word of NUT's protocol, whatever is in it. To NUT 2.8.0 a `#` begins a comment in quotes too: the line would never end. */
function quoted(word: string): string {
  return /^[A-Za-z0-9._-]+$/.test(word) ? word : `"${word.replaceAll(/[\\"#]/g, "\\$&")}"`;
}

const shown = (answer: string) => JSON.stringify(firstLine(answer).slice(0, 100));
