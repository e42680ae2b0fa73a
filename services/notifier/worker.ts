/** Wires `notifier` into its worker. */
import { textFile } from "../../lib/files/text_file.ts";
import { runWorker } from "../../lib/workers/worker_host.ts";
import { openChannel } from "./channels/table.ts";
import { createHttp } from "./http.ts";
import { Notifier, type NotifierConfig } from "./service.ts";

runWorker<NotifierConfig>((context) => {
  const { config } = context;
  const { send, close } = createHttp(config.caPem);
  const channels = config.channels.map(({ settings }) => openChannel(settings, send, config));
  return new Notifier(context, { file: textFile(`${config.stateDir}/queue.json`), channels, close });
});
