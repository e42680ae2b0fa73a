/** Logs in to EcoFlow's cloud once, as the daemon would, and asks which stations the account has. */
import { systemClock } from "../../lib/time/clock.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { createLogger } from "../../lib/log/log.ts";
import type { AccountStation, CloudAccess } from "../../services/cloud_bridge/api/cloud_api.ts";
import { CloudFault, faultRule } from "../../services/cloud_bridge/api/faults.ts";
import { createFetchHttp } from "../../services/cloud_bridge/api/fetch_http.ts";
import { makeCloudApi } from "../../services/cloud_bridge/api/make_api.ts";
import { makeLikeParent } from "../like_parent.ts";

/** Longer than the slowest API host may take, all of them in turn, ms. */
const LIMIT_MS = 60_000;

/** The account's words on its stations. @throws Error with what happened and what to do, without secrets */
export async function askAccount(
  cloud: HouseConfig["cloud"],
  stateDir: string,
): Promise<readonly AccountStation[]> {
  const { stations } = await logIn(cloud, stateDir);
  if (!stations) {
    throw new Error("the account accepts us, but its list of stations cannot be read: try again");
  }
  return stations;
}

/** Logs in with the installation's own client id. @throws Error with what happened and what to do, without secrets */
export async function logIn(cloud: HouseConfig["cloud"], stateDir: string): Promise<CloudAccess> {
  const own = `${stateDir}/cloud_bridge`;
  makeLikeParent(own);
  const { http, close } = createFetchHttp({ caPem: cloud.caPem });
  const log = createLogger("cloud", "crit", () => {});
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    const context = { clock: systemClock(), log, random: Math.random, config: { ...cloud, stateDir: own } };
    return await makeCloudApi(context, http).connect(limit);
  } catch (error) {
    if (limit.aborted) {
      throw new Error(`EcoFlow's cloud did not answer within ${LIMIT_MS / 1000} s`, { cause: error });
    }
    if (!(error instanceof CloudFault)) throw error;
    throw new Error(`${faultRule(error.kind).advice} (${error.message})`, { cause: error });
  } finally {
    close();
  }
}
