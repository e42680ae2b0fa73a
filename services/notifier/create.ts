/** Wires the notifier to its queue's file and to its ways out. */
import { textFile } from "../../lib/files/text_file.ts";
import type { ServiceFactory } from "../../lib/workers/service.ts";
import { openChannel } from "./channels/table.ts";
import { createHttp } from "./http.ts";
import { Notifier, type NotifierConfig } from "./service.ts";

/** Makes it. */
export const createNotifier: ServiceFactory<NotifierConfig> = (context) => {
  const { config } = context;
  const { send, close } = createHttp(config.caPem);
  const channels = config.channels.map(({ settings }) => openChannel(settings, send, config));
  return new Notifier(context, { file: textFile(`${config.stateDir}/queue.json`), channels, close });
};
