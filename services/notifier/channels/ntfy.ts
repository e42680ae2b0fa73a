/** ntfy, public or your own. Source: docs.ntfy.sh/publish: JSON to the server's root, with the topic in it. */
import type { ChannelSettings } from "../../../lib/config/notifier/notifier_keys.ts";
import type { Channel } from "../channel.ts";
import { bytes, fitText } from "../fit.ts";
import type { SendPost } from "../http.ts";

/** A longer one becomes a file that nobody opens on a phone. Source: docs.ntfy.sh/publish#limitations */
const LIMIT_BYTES = 4096;

const PRIORITY = { info: 2, notice: 3, warning: 4, danger: 5 } as const;

/** Makes the channel. Who knows a topic's name on a public server can read it: the name is treated as a secret. */
export function ntfy({ url, token }: Extract<ChannelSettings, { name: "ntfy" }>, post: SendPost): Channel {
  const { origin, pathname } = new URL(url);
  const topic = pathname.slice(1);
  return {
    name: "ntfy",
    send: ({ title, text, severity, link }, signal) =>
      post({
        url: `${origin}/`,
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({
          topic,
          title,
          message: fitText(text, LIMIT_BYTES, bytes),
          priority: PRIORITY[severity],
          ...(link === undefined ? {} : { click: link }),
        }),
        secrets: [topic, token],
      }, signal),
  };
}
