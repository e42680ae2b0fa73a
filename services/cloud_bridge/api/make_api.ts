/** Chooses the way into the cloud: the app account, which serves every station, else the developer keys. */
import { errorText } from "../../../lib/errors.ts";
import type { ServiceContext } from "../../../lib/workers/service.ts";
import { AppApi } from "./app_api.ts";
import type { ApiParts, CloudApi } from "./cloud_api.ts";
import type { CloudBridgeConfig } from "../config.ts";
import type { Http } from "./http.ts";
import { OpenApi } from "./open_api.ts";
import { loadIdentity, LoginJournal } from "./state_files.ts";

/** What it needs of a service's context. */
export interface ApiContext extends Pick<ServiceContext<unknown>, "clock" | "log" | "random"> {
  readonly config: Pick<CloudBridgeConfig, "app" | "open" | "apiHosts" | "brokerHosts" | "stateDir">;
}

/** Makes it, with this installation's client id and log-in budget. @throws Error when the id cannot be stored */
export function makeCloudApi({ config, clock, log, random }: ApiContext, http: Http): CloudApi {
  const { app, open, apiHosts, brokerHosts, stateDir } = config;
  const { uuid, remark } = loadIdentity(stateDir);
  if (remark !== undefined) log.warn("CLIENT ID LOST", { reason: remark });
  const logins = new LoginJournal(stateDir);
  const parts: ApiParts = {
    uuid,
    brokerHosts,
    wallMs: () => clock.wallMs(),
    noteLogin: () => {
      try {
        logins.note(clock.wallMs());
      } catch (error) {
        // A full disk is no reason to be blind: the log-ins of this run are counted all the same.
        log.error("LOG-IN NOT NOTED", { reason: errorText(error) });
      }
    },
    loginWaitMs: () => logins.waitMs(clock.wallMs()),
    warn: (text, fields) => log.warn(text, fields),
  };
  if (app) {
    if (open) log.info("DEVELOPER KEYS NOT USED: the app account serves every station");
    return new AppApi(app, apiHosts, http, parts);
  }
  if (!open) {
    throw new TypeError("Cannot join the cloud: must have an app account or developer keys, found neither");
  }
  return new OpenApi(open, apiHosts, http, { ...parts, clock, random });
}
