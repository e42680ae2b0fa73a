/** Attacks on the daemon's own listeners: dashboard and NUT. */
import { type AttackHouse, NUT_PASSWORD, pause } from "./attack_house.ts";
import { type Attack, shown, textOf, timeToShutdown } from "./outcome.ts";

/** Addresses of loopback from which a flood comes, and connections from each. */
const FLOOD = { addresses: Array.from({ length: 8 }, (_, i) => `127.0.0.${101 + i}`), each: 60 };

/** In the order in which they run. */
export const LISTENER_ATTACKS: readonly Attack[] = [
  async (house, random) => {
    const answers = new Map<string, number>();
    const count = 1000;
    for (let i = 0; i < count; i++) {
      const answer = await damagedRequest(house.dashboardPort, random);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
    const health = await fetch(`http://127.0.0.1:${house.dashboardPort}/health`);
    await health.body?.cancel();
    const other = [...answers].filter(([code]) => /^5/.test(code) && code !== "503").reduce(
      (sum, [, n]) => sum + n,
      0,
    );
    return {
      has: "the dashboard's address",
      attack: "damaged HTTP requests",
      tried: count,
      outcome: `${other} answered with a fault of ours; /health answers ${health.status}`,
      holds: other === 0 && [200, 503].includes(health.status) && house.isAlive(),
    };
  },
  async (house) => {
    const url = `http://127.0.0.1:${house.dashboardPort}/health`;
    return await flooded(house, house.dashboardPort, "the dashboard", async () => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
      await answer.body?.cancel();
    });
  },
  (house) => flooded(house, house.nutPort, "the NUT server", () => logIn(house.nutPort)),
];

/** Takes every place that a listener gives, and measures how long somebody new waits. */
async function flooded(
  house: AttackHouse,
  port: number,
  listener: string,
  ask: () => Promise<void>,
): Promise<Awaited<ReturnType<Attack>>> {
  const flood = new Worker(new URL("../nut/nut_flood.ts", import.meta.url), { type: "module" });
  flood.postMessage({ port, ...FLOOD });
  let [waitedMs, told] = [Infinity, undefined as number | undefined];
  try {
    await pause(3000);
    const begunMs = performance.now();
    while (waitedMs === Infinity && performance.now() - begunMs < 30_000) {
      await ask().then(() => waitedMs = performance.now() - begunMs, () => pause(200));
    }
    told = await timeToShutdown(house, "good");
  } finally {
    flood.terminate();
  }
  const waited = waitedMs === Infinity ? "NOT in 30 s" : `after ${(waitedMs / 1000).toFixed(1)} s`;
  return {
    has: "the network",
    attack: `${FLOOD.addresses.length} addresses take every place at ${listener}, in an outage`,
    tried: FLOOD.addresses.length * FLOOD.each,
    outcome: `somebody new is answered ${waited}; host told ${shown(told)}`,
    holds: waitedMs < 10_000 && told !== undefined && told < 10_000,
  };
}

/** A NUT client's log-in. @throws when it is not let in */
async function logIn(port: number): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const timer = setTimeout(() => conn.close(), 10_000);
  try {
    await conn.write(new TextEncoder().encode(`USERNAME good\nPASSWORD ${NUT_PASSWORD}\nLOGIN ups\n`));
    const buffer = new Uint8Array(256);
    let text = "";
    while (text.split("\n").length <= 3) {
      const n = await conn.read(buffer);
      if (n === null) throw new Error("closed");
      text += textOf(buffer.subarray(0, n));
    }
    if (text !== "OK\nOK\nOK\n") throw new Error(text);
  } finally {
    clearTimeout(timer);
    try {
      conn.close();
    } catch {
      // Its time was up.
    }
  }
}

/** @returns the status code, or how the connection ended */
async function damagedRequest(port: number, random: () => number): Promise<string> {
  const good =
    'POST /api/abort HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\nCookie: a=b\r\n\r\n{"device":"Study"}';
  const bytes = new TextEncoder().encode(good);
  for (let n = 0; n < random() * 6; n++) {
    bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
  }
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await conn.write(bytes.subarray(0, Math.ceil(random() * bytes.length)));
    await conn.closeWrite();
    const buffer = new Uint8Array(64);
    const n = await Promise.race([conn.read(buffer), pause(3000).then(() => null)]);
    return n === null ? "closed" : /^HTTP\/1\.1 (\d{3})/.exec(textOf(buffer.subarray(0, n)))?.[1] ?? "odd";
  } catch {
    return "cut";
  } finally {
    conn.close();
  }
}
