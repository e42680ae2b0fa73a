/** The same requests to Debian's real upsd and to ours, side by side: every difference must be one that is explained here. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { outsideFacts } from "../../../lib/testdata/outside_facts.ts";
import { havePrograms, inTempDir, startProgram, until } from "../testdata/debian_programs.ts";
import { type Conversation, MORE, WHILE_STALE } from "../testdata/conversations.ts";
import { LineClient } from "../testdata/line_client.ts";
import { ONLINE, startHouse, TEST_CONFIG } from "../testdata/test_house.ts";

const TRANSCRIPT = outsideFacts("nut/transcript-upsd-2.8.0.txt");
/** So many answers are compared at least: a conversation that is not played must not pass. */
const LEAST_OWN = 120;
const LEAST_RECORDED = 110;
const DESCRIPTION = 'EcoFlow "Delta" test';

/** Differences that are meant, by request: what upsd answers, what we answer, and why. */
const EXPLAINED: Readonly<Record<string, { upsd: readonly string[]; ours: readonly string[]; why: string }>> =
  {
    "INSTCMD ups load.off": {
      upsd: ["ERR ACCESS-DENIED"],
      ours: ["ERR CMD-NOT-SUPPORTED"],
      why: "the dummy driver has this command, we have none: nothing here switches a station",
    },
  };

Deno.test("createNutServer() answers what Debian's upsd answers", async () => {
  if (!havePrograms("upsd", "dummy-ups")) return;
  await withBoth(async (both) => {
    const found = await compare(both, MORE);
    await both.goStale();
    const stale = await both.replay(WHILE_STALE);
    deepEqual([...found.differences, ...stale.differences], []);
    const compared = found.compared + stale.compared;
    ok(compared >= LEAST_OWN, `only ${compared} answers were compared`);
  });
});

Deno.test({
  name: "createNutServer() answers the recorded requests as Debian's upsd does",
  ignore: TRANSCRIPT.ignore,
  fn: async () => {
    if (!havePrograms("upsd", "dummy-ups")) return;
    await withBoth(async (both) => {
      const { compared, differences } = await compare(both, recorded());
      deepEqual(differences, []);
      ok(compared >= LEAST_RECORDED, `only ${compared} answers were compared`);
    });
  },
});

async function compare({ replay }: Both, conversations: readonly Conversation[]) {
  const differences: string[] = [];
  let compared = 0;
  for (const conversation of conversations) {
    const result = await replay(conversation);
    compared += result.compared;
    differences.push(...result.differences);
  }
  return { compared, differences };
}

/** The requests of the recorded transcript. */
function recorded(): readonly Conversation[] {
  const conversations: [string, string[]][] = [];
  for (const line of readFileSync(TRANSCRIPT.url, "utf8").split("\n")) {
    if (line.startsWith("### ")) conversations.push([line.slice(4), []]);
    else if (line.startsWith("> ")) conversations.at(-1)?.[1].push(line.slice(2));
  }
  equal(conversations.length, 7, "the transcript has seven conversations");
  return conversations.map((
    [name, lines],
  ) => [name, name.includes("crlf") ? lines.map((line) => `${line}\r`) : lines]);
}

interface Both {
  replay(conversation: Conversation): Promise<{ compared: number; differences: string[] }>;
  goStale(): Promise<void>;
}

/** Runs with both servers up and showing the same values. */
async function withBoth(run: (both: Both) => Promise<void>): Promise<void> {
  const [ups, plain] = TEST_CONFIG.upses;
  if (!ups || !plain) throw new Error("the test's house has two UPS entries");
  // Many logins fail on purpose here.
  const limits = { ...TEST_CONFIG.limits, failedLogins: 1000 };
  const house = await startHouse({
    config: { upses: [{ ...ups, description: DESCRIPTION }, plain], staleAfterSec: 3, limits },
  });
  const feed = setInterval(() => house.state({ ...ONLINE, age_s: 0, grid_age_s: 0 }), 200);
  house.policy({ state: "online", soc_min: 10 });
  try {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const values = await valuesOf(house.port);
    const port = freePort();
    const files = { ...upsdFiles(port), "ups.dev": values, "plain.dev": values };
    await inTempDir(files, async (dir) => {
      const env = { NUT_CONFPATH: dir, NUT_STATEPATH: dir, NUT_ALTPIDPATH: dir };
      const user = userInfo().username;
      const drivers = ["ups", "plain"].map((name) =>
        startProgram("dummy-ups", ["-a", name, "-u", user, "-D"], env)
      );
      const upsd = startProgram("upsd", ["-u", user, "-D", "-P", `${dir}/upsd.pid`], env);
      const open: LineClient[] = [];
      const deadlineMs = Date.now() + 60_000;
      try {
        await until("upsd has data", () => upsd.text().includes("Connected to UPS [plain]"), 30_000);
        await until(
          "the driver is ready",
          () => drivers.every((d) => d.text().includes("upsdrv_updateinfo")),
          30_000,
        );
        while ((await statusAt(port)) !== (await statusAt(house.port))) {
          if (Date.now() > deadlineMs) throw new Error("upsd does not show our values");
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        await run({
          replay: (conversation) => replay(conversation, port, house.port, open),
          async goStale() {
            clearInterval(feed);
            house.state({ ...ONLINE, age_s: 6, grid_age_s: 6 });
            for (const { pid } of drivers) Deno.kill(pid, "SIGSTOP");
            await new Promise((resolve) => setTimeout(resolve, 30_000));
          },
        });
      } catch (error) {
        throw new Error(
          `${error}\n--- upsd said:\n${upsd.text()}\n--- a driver said:\n${drivers[0]?.text()}`,
        );
      } finally {
        for (const client of open) client.close();
        for (const driver of drivers) {
          if (!driver.isOver()) Deno.kill(driver.pid, "SIGCONT");
          await driver.stop();
        }
        await upsd.stop();
      }
    });
  } finally {
    clearInterval(feed);
    await house.stop();
  }
}

function upsdFiles(port: number): Record<string, string> {
  const driver = (name: string, rest = "") =>
    `[${name}]\n driver = dummy-ups\n port = ${name}.dev\n mode = dummy-once\n pollinterval = 1\n${rest}\n`;
  return {
    "ups.conf": driver("ups", ` desc = "${DESCRIPTION.replaceAll('"', '\\"')}"`) + driver("plain"),
    "upsd.conf": `LISTEN 127.0.0.1 ${port}\nMAXAGE 3\n`,
    "upsd.users": "[monuser]\n password = secret\n upsmon secondary\n" +
      "[prim]\n password = primpw\n upsmon primary\n[admin]\n password = adminpw\n",
  };
}

/** Our variables in the form of the dummy driver's file, so that both show the same. */
async function valuesOf(port: number): Promise<string> {
  const client = await LineClient.connect(port);
  try {
    const rows = (await client.ask("LIST VAR ups")).flatMap((line) =>
      /^VAR ups (\S+) "(.*)"$/.exec(line)?.slice(1, 3) ? [line] : []
    );
    return rows.map((line) => line.replace(/^VAR ups (\S+) "(.*)"$/, "$1: $2")).filter((row) =>
      !row.startsWith("driver.")
    )
      .join("\n") + "\n";
  } finally {
    client.close();
  }
}

async function statusAt(port: number): Promise<string> {
  const client = await LineClient.connect(port);
  try {
    return (await client.askAll("GET VAR ups ups.status", "GET VAR plain ups.status")).join();
  } finally {
    client.close();
  }
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function replay(
  [name, lines]: Conversation,
  upsdPort: number,
  ourPort: number,
  open: LineClient[],
): Promise<{ compared: number; differences: string[] }> {
  const upsd = await LineClient.connect(upsdPort);
  const ours = await LineClient.connect(ourPort);
  // Left open until the end: upsd keeps a forced shutdown until it is restarted, we until its client is gone.
  open.push(upsd, ours);
  const differences: string[] = [];
  let compared = 0;
  for (const line of lines) {
    const [fromUpsd, fromOurs] = await Promise.all([upsd.askWithin(line, 300), ours.askWithin(line, 300)]);
    const [wanted, found] = [fromUpsd.flatMap(masked), fromOurs.flatMap(masked)];
    compared += fromUpsd.length > 0 ? 1 : 0;
    if (wanted.join("\n") === found.join("\n")) continue;
    const explained = EXPLAINED[line];
    if (explained?.upsd.join("\n") === wanted.join("\n") && explained.ours.join("\n") === found.join("\n")) {
      continue;
    }
    differences.push(`${name}: ${line}\n  upsd: ${wanted.join(" | ")}\n  ours: ${found.join(" | ")}`);
  }
  return { compared, differences };
}

/** A line without what is meant to differ: names and versions of server and driver, descriptions, what can be set. */
function masked(line: string): string[] {
  // We have nothing that can be set and no commands; the dummy driver lets everything be set.
  if (/^(RW|CMD) /.test(line) || /^VAR \S+ driver\./.test(line)) return [];
  return [
    line
      // Whichever version of upsd is installed here; what we call ourselves is in session_test.ts.
      .replace(/Network UPS Tools upsd 2\.\d+\.\d+\S* - [^"]*/, "<server>")
      .replace(/^(VAR \S+ server\.version) "2\.\d+\.\d+[^"]*"$/, '$1 "<version>"')
      .replace(/^((?:CMD)?DESC \S+ \S+) ".*"$/, '$1 "<text>"')
      .replace(/^(TYPE \S+ \S+)(?: RW)? (NUMBER|STRING).*$/, "$1 $2"),
  ];
}
