/** A NUT server as its clients see it: one question a connection. What an answer means is `ups_vars.ts`. */

/** Where to ask for what. */
export interface NutTarget {
  readonly host: string;
  readonly port: number;
  readonly ups: string;
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
  const isWhole = (text: string) => text.includes("\n") || text.length >= LONGEST_LINE;
  return (await exchange(target, question, isWhole, signal)).split("\n")[0] ?? "";
};

/** All variables of the UPS, from `BEGIN` to `END`, or the error line; needs `net` for the target. */
export const listOverTcp: ListNut = (target, signal) => {
  const end = `END LIST VAR ${target.ups}\n`;
  return exchange(target, `LIST VAR ${target.ups}\n`, (text) => {
    if (text.length > LONGEST_LIST) throw new Error(`it answered more than ${LONGEST_LIST} bytes`);
    return text.replaceAll("\r", "").endsWith(end) || (text.startsWith("ERR ") && text.includes("\n"));
  }, signal);
};

async function exchange(
  { host, port }: NutTarget,
  question: string,
  isWhole: (text: string) => boolean,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const connection = await Deno.connect({ hostname: host, port, signal });
  const close = () => {
    try {
      connection.close();
    } catch {
      // It was closed before.
    }
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    await connection.write(new TextEncoder().encode(question));
    const decoder = new TextDecoder();
    let text = "";
    const buffer = new Uint8Array(4096);
    while (!isWhole(text)) {
      const count = await connection.read(buffer);
      if (count === null) break;
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
    return text;
  } finally {
    signal.removeEventListener("abort", close);
    close();
    signal.throwIfAborted();
  }
}
