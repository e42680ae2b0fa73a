/**
 * Apprise's HTTP API, which knows a hundred further ways out. Source: its README: POST /notify/KEY, or /notify with `urls`;
 * 204: nothing is stored under the key; 424: at least one target did not take the message, or none was meant by the tag.
 */
import type { ChannelSettings } from "../../../lib/config/notifier/notifier_keys.ts";
import type { Channel } from "../channel.ts";
import type { Meaning, SendPost } from "../http.ts";

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
        meaning: (status) => meaningOf(status, { hasKey: targets === undefined, hasTag: tag !== undefined }),
      }, signal),
  };
}

function meaningOf(
  status: number,
  { hasKey, hasTag }: { readonly hasKey: boolean; readonly hasTag: boolean },
): Meaning | undefined {
  if (status === 204) {
    return { text: "nothing is stored there under the key in APPRISE_URL", isFinal: true };
  }
  if (status !== 424) return undefined;
  const mistake = hasTag
    ? "; or no target has the tag in APPRISE_TAG"
    : hasKey
    ? "; or all targets of the key have tags, and APPRISE_TAG names none"
    : "";
  return { text: `a target cannot be reached${mistake}`, isFinal: false, mayBeTold: true };
}
