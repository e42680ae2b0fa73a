/** A Telegram bot. Source: core.telegram.org/bots/api: POST /bot<token>/sendMessage. */
import type { ChannelSettings } from "../../../lib/config/notifier_keys.ts";
import type { Channel } from "../channel.ts";
import type { SendPost } from "../http.ts";

/** Makes the channel. The text goes without a parse mode: nothing in it can become markup. */
export function telegram(
  { url, botToken, chatId }: Extract<ChannelSettings, { name: "telegram" }>,
  post: SendPost,
): Channel {
  return {
    name: "telegram",
    send: ({ title, text, severity, link }, signal) =>
      post({
        url: `${url}/bot${botToken}/sendMessage`,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          chat_id: chatId,
          text: [title, "", text, ...(link === undefined ? [] : ["", link])].join("\n").slice(0, 4096),
          disable_notification: severity === "info",
          link_preview_options: { is_disabled: true },
        }),
        secrets: [botToken],
      }, signal),
  };
}
