/** For tests: Debian's own `upsd` with `dummy-ups`, whose variables a test writes, and what can happen to both. */
import { renameSync, utimesSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { freePort } from "../../../scripts/simulate/mosquitto.ts";
import { inTempDir, type Running, startProgram } from "../../nut_server/testdata/debian_programs.ts";

/** The UPS's name at the server. */
export const UPS = "study";

/** See the file comment. */
export class DummyHouse {
  readonly #env: Record<string, string>;
  #driver: Running | undefined;
  #upsd: Running | undefined;
  #saidSec = 0;

  constructor(private readonly dir: string, readonly port: number) {
    this.#env = { NUT_CONFPATH: dir, NUT_STATEPATH: dir, NUT_ALTPIDPATH: dir };
  }

  /** The UPS says this from its driver's next look on, which is within a second. */
  say(variables: Readonly<Record<string, string | number>>): void {
    const text = Object.entries(variables).map(([name, value]) => `${name}: ${value}\n`).join("");
    writeFileSync(`${this.dir}/next`, text);
    // The driver compares whole seconds: what is said twice in one would not be seen.
    this.#saidSec = Math.max(Math.floor(Date.now() / 1000), this.#saidSec + 1);
    utimesSync(`${this.dir}/next`, this.#saidSec, this.#saidSec);
    renameSync(`${this.dir}/next`, `${this.dir}/${UPS}.dev`);
  }

  startUpsd(): void {
    const { username } = userInfo();
    this.#upsd = startProgram("upsd", ["-u", username, "-D", "-P", `${this.dir}/upsd.pid`], this.#env);
  }

  /** Ends it at once, as a crash would. */
  async killUpsd(): Promise<void> {
    await this.#upsd?.stop("SIGKILL");
    this.#upsd = undefined;
  }

  startDriver(): void {
    this.#driver = startProgram("dummy-ups", ["-a", UPS, "-u", userInfo().username, "-D"], this.#env);
  }

  /** The driver hangs, as on a USB port that is dead: `upsd` calls its data stale. */
  hangDriver(): void {
    if (this.#driver) Deno.kill(this.#driver.pid, "SIGSTOP");
  }

  wakeDriver(): void {
    if (this.#driver && !this.#driver.isOver()) Deno.kill(this.#driver.pid, "SIGCONT");
  }

  /** What both programs wrote. */
  text(): string {
    return `${this.#upsd?.text() ?? ""}${this.#driver?.text() ?? ""}`;
  }

  async stop(): Promise<void> {
    this.wakeDriver();
    await this.#driver?.stop();
    await this.#upsd?.stop();
  }
}

/** What a house has besides. */
export interface DummyHouseOptions {
  /** Further lines of `upsd.conf`. */
  readonly upsdConf?: (dir: string, port: number) => string;
  /** `upsd.users`; nobody when absent. */
  readonly users?: string;
  /** Runs before the programs start. */
  readonly prepare?: (dir: string) => Promise<void>;
  /** Further lines of `ups.conf`: UPSes whose driver is not started. */
  readonly upsConf?: string;
}

/** Runs `run` in a house of its own, which is gone afterwards. */
export async function withDummyHouse(
  first: Readonly<Record<string, string | number>>,
  run: (house: DummyHouse) => Promise<void>,
  { upsdConf, users = "", prepare, upsConf = "" }: DummyHouseOptions = {},
): Promise<void> {
  const port = freePort();
  const files = {
    "ups.conf":
      `[${UPS}]\n driver = dummy-ups\n port = ${UPS}.dev\n mode = dummy-once\n pollinterval = 1\n${upsConf}`,
    "upsd.conf": `LISTEN 127.0.0.1 ${port}\nMAXAGE 3\n`,
    "upsd.users": users,
  };
  await inTempDir(files, async (dir) => {
    if (upsdConf) writeFileSync(`${dir}/upsd.conf`, upsdConf(dir, port), { flag: "a" });
    await prepare?.(dir);
    const house = new DummyHouse(dir, port);
    house.say(first);
    house.startDriver();
    house.startUpsd();
    try {
      await run(house);
    } finally {
      await house.stop();
    }
  });
}
