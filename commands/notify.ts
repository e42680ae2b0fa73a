/** `ecoflow-power notify --test`: sends one message by every configured way, and says what came of it. */
import { parseArgs } from "node:util";
import { errorText } from "../lib/errors.ts";
import { SendError } from "../services/notifier/channel.ts";
import { openChannel } from "../services/notifier/channels/table.ts";
import { createHttp } from "../services/notifier/http.ts";
import { composeMessage } from "../services/notifier/message.ts";
import { complain, EXIT, print } from "./command.ts";
import { readConfig } from "./read_config.ts";

const LIMIT_MS = 60_000;

/** Runs it. @returns the exit code: 1 when a message did not get through */
export async function notify(args: readonly string[]): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { env: { type: "string" }, test: { type: "boolean", default: false } },
    }));
    if (!values.test) throw new TypeError("Usage: ecoflow-power notify --test");
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  const config = readConfig(values.env === undefined ? [] : ["--env", values.env]);
  if (typeof config === "number") return config;
  const { notifier } = config.house;
  if (!notifier) {
    return complain(
      "There is nobody to tell: no channel is configured, see docs/notifications.md\n",
      EXIT.no,
    );
  }
  const nowWallMs = Date.now();
  const message = composeMessage([{
    ts: new Date(nowWallMs).toISOString(),
    kind: "test",
    severity: "notice",
    source: "notify",
    text: "This is a test of ecoflow-power: messages get through.",
  }], { ...notifier, nowWallMs });
  const { send, close } = createHttp(notifier.caPem);
  let failed = 0;
  try {
    for (const { settings } of notifier.channels) {
      const channel = openChannel(settings, send, { ...notifier, hostName: config.house.hostName });
      const limit = AbortSignal.timeout(LIMIT_MS);
      try {
        await channel.send(message, limit);
        print(`ok     ${channel.name}: sent; it should arrive within a minute\n`);
      } catch (error) {
        failed++;
        const text = limit.aborted ? `no answer within ${LIMIT_MS / 1000} s` : errorText(error);
        print(`WRONG  ${channel.name}: ${text}; ${hintFor(error)}\n`);
      }
    }
  } finally {
    close();
  }
  return failed === 0 ? EXIT.ok : EXIT.no;
}

function hintFor(error: unknown): string {
  return error instanceof SendError && error.isFinal
    ? "check its keys in the configuration"
    : "check its address, the internet connection and this machine's clock";
}
