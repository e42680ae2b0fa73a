/** A Telegram bot. Source: core.telegram.org/bots/api: POST /bot<token>/sendMessage. */
import type { ChannelSettings } from "../../../lib/config/notifier/notifier_keys.ts";
import type { Channel } from "../channel.ts";
import { codeUnits, fitText } from "../fit.ts";
import type { SendPost } from "../http.ts";

/** UTF-16 code units of a message. Source: core.telegram.org/bots/api#sendmessage */
const LIMIT = 4096;

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
          text: within(title, text, link),
          disable_notification: severity === "info",
          link_preview_options: { is_disabled: true },
        }),
        secrets: [botToken],
      }, signal),
  };
}

/** Title, what happened, and where to look: only what happened is shortened. */
function within(title: string, text: string, link: string | undefined): string {
  const around = `${title}\n\n`;
  const below = link === undefined ? "" : `\n\n${link}`;
  return `${around}${fitText(text, LIMIT - around.length - below.length, codeUnits)}${below}`;
}
