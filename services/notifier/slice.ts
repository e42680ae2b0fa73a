/** What the notifier gets of the configuration, and what its worker may do. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { type Grant, stateDirOf, stateGrants } from "../grant.ts";
import { channelTargets, type NotifierConfig } from "./config.ts";

/** The channels' servers, and its queue. */
export function notifierGrants(config: HouseConfig): readonly Grant[] {
  return [
    {
      kind: "net",
      targets: config.notifier ? channelTargets(config.notifier.channels) : ["127.0.0.1:0"],
      reason: "the servers of the configured channels",
    },
    ...stateGrants(config, "notifier", {
      reads: "its queue, to go on after a restart",
      writes: "to store that queue",
    }),
  ];
}

/** The channels, and what is sent by them. */
export function notifierSlice(config: HouseConfig): NotifierConfig {
  return {
    channels: [],
    collectSec: 0,
    ...config.notifier,
    hostName: config.hostName,
    roots: config.roots,
    stateDir: stateDirOf(config, "notifier"),
  };
}
