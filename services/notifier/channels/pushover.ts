/** Pushover. Source: pushover.net/api: POST /1/messages.json, priority -2 to 2. */
import type { ChannelSettings } from "../../../lib/config/notifier_keys.ts";
import type { Channel } from "../channel.ts";
import type { SendPost } from "../http.ts";

/** Wakes nobody up but for a danger; 2 would ring until it is confirmed, by whoever lies in bed. */
const PRIORITY = { info: "-1", notice: "0", warning: "0", danger: "1" } as const;

/** Makes the channel. */
export function pushover(
  { url, token, user }: Extract<ChannelSettings, { name: "pushover" }>,
  post: SendPost,
): Channel {
  return {
    name: "pushover",
    send: ({ title, text, severity, link }, signal) =>
      post({
        url: `${url}/1/messages.json`,
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({
          token,
          user,
          title,
          message: text.slice(0, 1024),
          priority: PRIORITY[severity],
          ...(link === undefined ? {} : { url: link }),
        }).toString(),
        secrets: [token, user],
      }, signal),
  };
}
