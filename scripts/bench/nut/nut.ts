/** How fast the NUT server answers 1,000 clients while others misbehave, and how much memory that takes. */
import { inTempDir } from "../../../services/nut_server/testdata/debian_programs.ts";
import { type Distribution, distributionOf } from "../figures/distribution.ts";
import { cpuSeconds, type Memory, memoryOf } from "../memory.ts";
import { type StartNutServer, startOurs } from "./nut_servers.ts";

/** What one run shows. */
export interface NutFigures {
  /** Which server. */
  readonly name: string;
  /** Logged-in clients, each asking for the status once a second. */
  readonly clients: number;
  /** Connections that misbehave, at a time. */
  readonly hostile: number;
  /** From a client's request to its whole answer, ms. */
  readonly latencyMs: Distribution;
  /** Requests of good clients that were not answered. */
  readonly unanswered: number;
  /** Of the server's process, before any client and the most (by Pss) during the load. */
  readonly idleMemory: Memory;
  readonly mostMemory: Memory;
  /** Processor time of the server a second of load, 1 is one core. */
  readonly cpuShare: number;
}

/** A server that has not answered by then is not waited for, ms. */
const ANSWER_LIMIT_MS = 10_000;
const encoder = new TextEncoder();
const STATUS = encoder.encode("GET VAR ups ups.status\n");

/** What to load, and how. */
interface Load {
  readonly clients: number;
  readonly hostile: number;
  readonly seconds: number;
}

/** Loads a server in a process of its own. */
export function measureNut(
  { clients = 1000, hostile = 100, seconds = 10 }: Partial<Load> = {},
  start: StartNutServer = startOurs,
): Promise<NutFigures> {
  return inTempDir({}, (dir) => measureIn(dir, { clients, hostile, seconds }, start));
}

async function measureIn(
  dir: string,
  { clients, hostile, seconds }: Load,
  start: StartNutServer,
): Promise<NutFigures> {
  // All clients of the bench come from one address.
  const limits = { maxConnections: 2000, maxPerAddress: 2000, connectsPerSec: 2000, writeSec: 5 };
  const server = await start({ dir, hosts: 1, limits });
  const { port } = server;
  const conns = new Set<Deno.Conn>();
  let attackers: Worker | undefined;
  let watch: ReturnType<typeof setInterval> | undefined;
  try {
    await pause(500);
    const idleMemory = memoryOf(server.pid);
    const good: Deno.Conn[] = [];
    // A few at a time: upsd has room for a few that wait.
    while (good.length < clients) {
      const some = Math.min(10, clients - good.length);
      good.push(...await Promise.all(Array.from({ length: some }, () => login(port, conns))));
    }
    // In a thread of their own: they must keep the server busy, not the clients that are measured.
    attackers = new Worker(new URL("./nut_attackers.ts", import.meta.url), { type: "module" });
    attackers.postMessage({ port, count: hostile, forMs: (seconds + 2) * 1000 });
    await pause(1000);
    const cpuBefore = cpuSeconds(server.pid);
    const beganMs = performance.now();
    const stopMs = beganMs + seconds * 1000;
    const samples: number[] = [];
    let unanswered = 0;
    let mostMemory = idleMemory;
    watch = setInterval(
      () => {
        const now = memoryOf(server.pid);
        if (now.pss > mostMemory.pss) mostMemory = now;
      },
      500,
    );
    await Promise.all(good.map(async (conn, i) => {
      await pause(i * 1000 / clients);
      while (performance.now() < stopMs) {
        const sentMs = performance.now();
        const isAnswered = await answered(conn);
        if (isAnswered) samples.push(performance.now() - sentMs);
        else return void unanswered++;
        await pause(Math.max(0, 1000 - (performance.now() - sentMs)));
      }
    }));
    const cpuShare = (cpuSeconds(server.pid) - cpuBefore) / ((performance.now() - beganMs) / 1000);
    return {
      name: server.name,
      clients,
      hostile,
      latencyMs: distributionOf(samples),
      unanswered,
      idleMemory,
      mostMemory,
      cpuShare,
    };
  } finally {
    clearInterval(watch);
    attackers?.terminate();
    for (const conn of conns) conn.close();
    await server.stop();
  }
}

async function open(port: number, conns: Set<Deno.Conn>): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conns.add(conn);
  return conn;
}

async function login(port: number, conns: Set<Deno.Conn>): Promise<Deno.Conn> {
  const conn = await open(port, conns);
  await conn.write(encoder.encode("USERNAME host1\nPASSWORD secret\nLOGIN ups\n"));
  await lines(conn, 3, ANSWER_LIMIT_MS);
  return conn;
}

async function answered(conn: Deno.Conn): Promise<boolean> {
  try {
    await conn.write(STATUS);
    return (await lines(conn, 1, ANSWER_LIMIT_MS)).startsWith("VAR ups ups.status");
  } catch {
    return false;
  }
}

/** Reads lines. @param limitMs For all of them. @throws Error when the server closes, or has not said them by then */
export async function lines(conn: Pick<Deno.Conn, "read">, count: number, limitMs: number): Promise<string> {
  const buffer = new Uint8Array(1024);
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  tooLate.catch(() => {});
  const timer = setTimeout(
    () => reject(new Error(`Cannot measure: the server has not answered in ${limitMs} ms`)),
    limitMs,
  );
  try {
    let text = "";
    while (text.split("\n").length <= count) {
      const got = await Promise.race([conn.read(buffer), tooLate]);
      if (got === null) throw new Error("Cannot measure: the server closed the connection");
      text += new TextDecoder().decode(buffer.subarray(0, got));
    }
    return text;
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
