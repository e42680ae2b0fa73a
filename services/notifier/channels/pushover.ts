/** Pushover. Source: pushover.net/api: POST /1/messages.json, priority -2 to 2. */
import type { ChannelSettings } from "../../../lib/config/notifier/notifier_keys.ts";
import type { Channel } from "../channel.ts";
import { characters, fitText } from "../fit.ts";
import type { SendPost } from "../http.ts";

/** Wakes nobody up but for a danger; 2 would ring until it is confirmed, by whoever lies in bed. */
const PRIORITY = { info: "-1", notice: "0", warning: "0", danger: "1" } as const;

/** Characters of a message, and of its link. Source: pushover.net/api#limits */
const LIMIT = 1024;
const LINK_LIMIT = 512;

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
          message: fitText(text, LIMIT, characters),
          priority: PRIORITY[severity],
          ...(link === undefined || link.length > LINK_LIMIT ? {} : { url: link }),
        }).toString(),
        secrets: [token, user],
      }, signal),
  };
}
