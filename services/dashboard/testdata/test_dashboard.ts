/** A dashboard in a test: real sockets, a broker in memory, a clock that stands still, and a client that lies as it likes. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_ROOTS, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { testContext } from "../../../lib/testing.ts";
import type { DashboardConfig } from "../config.ts";
import { hashPassword } from "../password.ts";
import { createDashboard } from "../service.ts";

/** The password of every dashboard in a test. */
export const PASSWORD = "correct horse battery";
const topics = topicsUnder(DEFAULT_ROOTS);
let hash: Promise<string> | undefined;

/** What was answered. */
export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

/** What to ask; everything may be a lie. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Runs `run` with a dashboard that listens. */
export async function withDashboard(
  run: (house: Awaited<ReturnType<typeof startDashboard>>) => Promise<void>,
  config: Partial<DashboardConfig> = {},
): Promise<void> {
  const house = await startDashboard(config);
  try {
    await run(house);
  } finally {
    await house.stop();
  }
}

async function startDashboard(config: Partial<DashboardConfig>) {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-dashboard-"));
  const passwordFile = join(dir, "password");
  writeFileSync(passwordFile, await (hash ??= hashPassword(PASSWORD)));
  const context = testContext({
    service: "dashboard",
    publishes: [topics.drillRequest, topics.abortRequest, topics.historyQuery],
    subscribes: [
      topics.state("+"),
      topics.policy("+"),
      topics.agentStatus("+"),
      topics.ack("+"),
      topics.cloudStatus,
      topics.drillReport,
      topics.events,
      topics.orchestratorStatus,
      topics.historyAnswer("+"),
    ],
  }, {
    host: "127.0.0.1",
    port: 0,
    names: ["pi.lan"],
    readsWithoutLogin: false,
    passwordFile,
    roots: DEFAULT_ROOTS,
    staleAfterSec: 120,
    asksHistorian: false,
    agentsByStation: { Study: ["nas"] },
    installation: "package" as const,
    ...config,
  });
  const service = createDashboard(context);
  await service.start();
  const own = () => ({ host: `127.0.0.1:${service.port}`, origin: `http://127.0.0.1:${service.port}` });
  const ask = (path: string, asking: Asking = {}) => askAt(service.port, path, asking);
  /** A POST as our own page sends it, with some headers otherwise. */
  const wish = (path: string, body: object, headers: Record<string, string> = {}) =>
    ask(path, {
      method: "POST",
      headers: { ...own(), "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  return {
    ...context,
    topics,
    port: service.port,
    passwordFile,
    own,
    ask,
    wish,
    login: async (password = PASSWORD, headers: Record<string, string> = {}) => {
      const answer = await wish("/api/login", { password }, headers);
      const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
      const csrf: string = answer.status === 200 ? JSON.parse(answer.text).csrf : "";
      return { answer, headers: { cookie, "x-csrf-token": csrf } };
    },
    stop: async () => {
      await service.stop();
      rmSync(dir, { recursive: true });
    },
  };
}

/** Asks with exactly these headers, and reads to the end. */
export async function askAt(
  port: number,
  path: string,
  { method = "GET", headers = {}, body }: Asking,
): Promise<Answer> {
  const all: Record<string, string> = {
    host: `127.0.0.1:${port}`,
    connection: "close",
    ...(body === undefined ? {} : { "content-length": String(new TextEncoder().encode(body).length) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  // A server that refuses early may close before it has read everything.
  const text = `${method} ${path} HTTP/1.1\r\n${lines}\r\n${body ?? ""}`;
  await conn.write(new TextEncoder().encode(text)).catch(() => {});
  const answer = await new Response(conn.readable).text();
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  const [first = "", ...headerLines] = head.split("\r\n");
  return {
    status: Number(first.split(" ")[1]),
    headers: new Map(headerLines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 2)];
    })),
    text: rest.join("\r\n\r\n"),
  };
}

/** A page that listens: what the stream brings, until it is closed. */
export async function openStream(port: number, headers: Record<string, string> = {}) {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(([n, v]) => `${n}: ${v}\r\n`);
  await conn.write(new TextEncoder().encode(`GET /api/live HTTP/1.1\r\n${lines.join("")}\r\n`));
  const reader = conn.readable.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let isOver = false;
  return {
    /** Waits for text that matches. @throws Error when the stream ends before */
    async until(pattern: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const match = pattern.exec(text);
        if (match) {
          text = text.slice(match.index + match[0].length);
          return match;
        }
        const { value, done } = await reader.read();
        if (done) {
          isOver = true;
          throw new Error(`The stream ended before ${pattern}; it held ${text.slice(-300)}`);
        }
        text += value;
      }
    },
    async close() {
      if (!isOver) await reader.cancel().catch(() => {});
    },
  };
}
