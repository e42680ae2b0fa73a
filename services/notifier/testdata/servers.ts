/** Servers that notifications go to, on loopback: HTTPS with an authority of its own, and a mail server with STARTTLS. */
import { createAuthority } from "../../../lib/certificates.ts";

/** One request as it came. */
export interface Got {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** What is answered; 200 with `{}` when nothing is said. */
export type Answer = (got: Got) => Response | Promise<Response> | undefined;

/** A running HTTPS server. */
export interface TestServer {
  readonly url: string;
  readonly caPem: string;
  readonly got: Got[];
  /** Change it at any time. */
  answer: Answer;
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startHttps(): Promise<TestServer> {
  const authority = await createAuthority({ commonName: "test" });
  const { cert, key } = await authority.issue();
  const got: Got[] = [];
  const test: TestServer = {
    url: "",
    caPem: authority.caPem,
    got,
    answer: () => undefined,
    stop: () => server.shutdown(),
  };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const one = {
        path: pathname + search,
        headers: new Headers(request.headers),
        body: await request.text(),
      };
      got.push(one);
      return await test.answer(one) ?? new Response("{}");
    },
  );
  return Object.assign(test, { url: `https://127.0.0.1:${server.addr.port}` });
}

/** A mail server: what clients said, line by line, and the mails. */
export interface TestMailServer {
  readonly port: number;
  readonly caPem: string;
  readonly lines: string[];
  readonly mails: string[];
  /** Answers instead of the usual one, by the first word of a command. */
  readonly replies: Map<string, string>;
  stop(): Promise<void>;
}

/** Starts one that wants STARTTLS and a log-in, or with `isPlain` neither. */
export async function startMailServer({ isPlain = false } = {}): Promise<TestMailServer> {
  const authority = await createAuthority({ commonName: "test" });
  const { cert, key } = await authority.issue();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const lines: string[] = [];
  const mails: string[] = [];
  const replies = new Map<string, string>();
  const open = new Set<Promise<void>>();
  const accept = (async () => {
    for await (const connection of listener) {
      const talk = converse(connection).catch(() => {});
      open.add(talk);
      void talk.finally(() => open.delete(talk));
    }
  })().catch(() => {});

  async function converse(tcp: Deno.Conn): Promise<void> {
    let connection: Deno.Conn = tcp;
    let rest = "";
    let isSecure = isPlain;
    const decoder = new TextDecoder();
    const say = (text: string) => connection.write(new TextEncoder().encode(`${text}\r\n`));
    const readLine = async (): Promise<string | undefined> => {
      for (;;) {
        const end = rest.indexOf("\r\n");
        if (end >= 0) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 2);
          return line;
        }
        const bytes = new Uint8Array(4096);
        const count = await connection.read(bytes);
        if (count === null) return undefined;
        rest += decoder.decode(bytes.subarray(0, count), { stream: true });
      }
    };
    try {
      await say("220 test ESMTP");
      for (let line = await readLine(); line !== undefined; line = await readLine()) {
        lines.push(line);
        const [word = ""] = line.toUpperCase().split(/[ :]/);
        const own = replies.get(word);
        if (own !== undefined) {
          await say(own);
          continue;
        }
        switch (word) {
          case "EHLO":
            await say(`250-test\r\n250 ${isSecure ? "AUTH PLAIN LOGIN" : "STARTTLS"}`);
            break;
          case "STARTTLS":
            await say("220 go on");
            connection = await startTls(tcp);
            isSecure = true;
            rest = "";
            break;
          case "AUTH":
            await say("235 welcome");
            break;
          case "DATA": {
            await say("354 go on");
            let mail = "";
            for (let part = await readLine(); part !== undefined && part !== "."; part = await readLine()) {
              mail += `${part}\n`;
            }
            mails.push(mail);
            await say("250 taken");
            break;
          }
          case "QUIT":
            await say("221 bye");
            return;
          default:
            await say("250 ok");
        }
      }
    } finally {
      connection.close();
    }
  }

  /** Deno has no server side of STARTTLS: the rest of the conversation goes through a TLS listener of our own. */
  async function startTls(tcp: Deno.Conn): Promise<Deno.Conn> {
    const inner = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
    const { port } = inner.addr as Deno.NetAddr;
    const [near, far] = await Promise.all([
      (async () => {
        const accepted = await inner.accept();
        return accepted;
      })(),
      Deno.connect({ hostname: "127.0.0.1", port }),
    ]);
    inner.close();
    const pump = (from: Deno.Conn, to: Deno.Conn) => from.readable.pipeTo(to.writable).catch(() => {});
    const pumps = Promise.all([pump(tcp, far), pump(far, tcp)]);
    open.add(pumps.then(() => {}));
    return near;
  }

  return {
    port: (listener.addr as Deno.NetAddr).port,
    caPem: authority.caPem,
    lines,
    mails,
    replies,
    stop: async () => {
      listener.close();
      await accept;
      await Promise.all(open);
    },
  };
}
