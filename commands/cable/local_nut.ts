/** Which UPSes a NUT server knows, and what each says now: for setup and doctor. */
import { errorText } from "../../lib/errors.ts";
import { askOverTcp, listOverTcp, listUpsOverTcp, type NutTarget } from "../../lib/nut/client.ts";
import { readUpsList, readUpsVars, type UpsReading } from "../../lib/nut/ups_vars.ts";

/** One UPS of a server. */
export interface FoundUps {
  readonly ups: string;
  /** What the server's owner wrote about it; empty when nothing. */
  readonly description: string;
  /** What it says; the problem as text when it cannot be read, or is no source. */
  readonly reading: UpsReading | string;
}

/** Where NUT's own server listens when nobody says otherwise. */
export const LOCAL_NUT = { host: "127.0.0.1", port: 3493 };

/** A server on this machine answers at once, or is none, ms. */
const LIMIT_MS = 2000;

/** What one UPS says now; the problem as text. */
export async function readUps(target: NutTarget): Promise<UpsReading | string> {
  try {
    return readUpsVars(await listOverTcp(target, AbortSignal.timeout(LIMIT_MS)), target.ups);
  } catch (error) {
    return errorText(error);
  }
}

/** Its UPSes; undefined: there is no server, or it is our own. */
export async function findUpses(server = LOCAL_NUT): Promise<readonly FoundUps[] | undefined> {
  try {
    const list = readUpsList(await listUpsOverTcp({ ...server, ups: "" }, AbortSignal.timeout(LIMIT_MS)));
    const version = await askOverTcp({ ...server, ups: "" }, "VER\n", AbortSignal.timeout(LIMIT_MS));
    if (/ecoflow-power/.test(version)) return undefined;
    return await Promise.all(list.map(async ({ ups, description }) => ({
      ups,
      description,
      reading: await readUps({ ...server, ups }),
    })));
  } catch {
    return undefined;
  }
}
