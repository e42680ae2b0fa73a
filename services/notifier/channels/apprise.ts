/** Apprise's HTTP API, which knows a hundred further ways out. Source: its README: POST /notify/KEY, or /notify with `urls`. */
import type { ChannelSettings } from "../../../lib/config/notifier_keys.ts";
import type { Channel } from "../channel.ts";
import type { SendPost } from "../http.ts";

const TYPE = { info: "info", notice: "info", warning: "warning", danger: "failure" } as const;

/** Makes the channel. */
export function apprise(
  { url, targets, tag }: Extract<ChannelSettings, { name: "apprise" }>,
  post: SendPost,
): Channel {
  return {
    name: "apprise",
    send: ({ title, text, severity, link }, signal) =>
      post({
        url,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          title,
          body: link === undefined ? text : `${text}\n${link}`,
          type: TYPE[severity],
          format: "text",
          ...(targets === undefined ? {} : { urls: targets }),
          ...(tag === undefined ? {} : { tag }),
        }),
        secrets: [targets, new URL(url).pathname],
      }, signal),
  };
}
