/**
 * For tests: WinNUT-Client 2.3 as the server meets it, line by line, and what it decides from the answers.
 *
 * Source: nutdotnet/WinNUT-Client, Nut_Socket.vb, UPS_Device.vb and WinNUT.vb (facts, no code): it ends its lines with
 * CR CR LF, logs in with a bare `LOGIN`, asks one variable after the other, counts a missing one as -1, and on battery
 * shuts down at or below either of its limits. Older versions do so even when both values are missing; newer ones then wait.
 */
import { LineClient } from "./line_client.ts";

/** Its limits out of the box. */
const LIMITS = { chargePercent: 30, runtimeSec: 120 };

/** What it asks once, in this order. */
const PRODUCT = [
  "ups.mfr",
  "ups.model",
  "ups.serial",
  "ups.firmware",
  "output.current",
  "output.voltage",
  "output.realpower",
  "ups.realpower",
  "battery.capacity",
  "output.frequency.nominal",
];

/** What it asks at each poll, in this order. */
export const POLLED = [
  "battery.charge",
  "battery.voltage",
  "battery.runtime",
  "input.frequency",
  "input.voltage",
  "output.voltage",
  "ups.load",
  "ups.realpower",
  "ups.status",
];

/** One poll and what follows from it. */
export interface WinNutPoll {
  /** -1: missing. */
  readonly charge: number;
  /** s; -1: missing. */
  readonly runtime: number;
  /** Undefined: it could not be had. */
  readonly status: string | undefined;
  /** By its own limits, in its newest version. */
  readonly shutsDown: boolean;
  /** The same in older versions. */
  readonly shutsDownOld: boolean;
}

/** See the file comment. */
export class WinNut {
  private constructor(private readonly client: LineClient, private readonly ups: string) {}

  /** Connects as it does at its start. */
  static async connect(port: number, ups: string): Promise<WinNut> {
    const winnut = new WinNut(await LineClient.connect(port), ups);
    for (const line of ["USERNAME monuser", "PASSWORD secret", "VER", "NETVER"]) await winnut.#ask(line);
    for (const name of PRODUCT) await winnut.#variable(name);
    await winnut.#ask("LOGIN");
    return winnut;
  }

  /** Asks as its timer does. @param before Called before each variable is asked, with its number from 0 on */
  async poll(before: (asked: number) => Promise<void> = () => Promise.resolve()): Promise<WinNutPoll> {
    const values = new Map<string, string | undefined>();
    for (const [asked, name] of POLLED.entries()) {
      await before(asked);
      values.set(name, await this.#variable(name));
    }
    const number = (name: string) => Number(values.get(name) ?? -1);
    const [charge, runtime] = [number("battery.charge"), number("battery.runtime")];
    const status = values.get("ups.status");
    const isOnBattery = status?.split(" ").includes("OB") ?? false;
    const shutsDownOld = isOnBattery &&
      (charge <= LIMITS.chargePercent || runtime <= LIMITS.runtimeSec);
    return { charge, runtime, status, shutsDownOld, shutsDown: shutsDownOld && !(charge < 0 && runtime < 0) };
  }

  close(): void {
    this.client.close();
  }

  /** A value; stale data is asked for three times more before it counts as missing. */
  async #variable(name: string): Promise<string | undefined> {
    for (let tries = 0; tries < 4; tries++) {
      const answer = await this.#ask(`GET VAR ${this.ups} ${name}`);
      if (!answer.startsWith("ERR")) return answer.split(" ").slice(3).join(" ").replaceAll('"', "");
      if (answer !== "ERR DATA-STALE") return undefined;
    }
  }

  async #ask(line: string): Promise<string> {
    const [answer] = await this.client.ask(`${line}\r\r`);
    if (answer === undefined) throw new Error(`The server closed the connection at "${line}"`);
    return answer;
  }
}
