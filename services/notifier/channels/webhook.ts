/** Any program that takes JSON over HTTP. With a secret the body is signed: `x-ecoflow-signature: sha256=<hex HMAC>`. */
import { createHmac } from "node:crypto";
import type { ChannelSettings } from "../../../lib/config/notifier/notifier_keys.ts";
import type { Channel } from "../channel.ts";
import type { SendPost } from "../http.ts";

/** Makes the channel. */
export function webhook(
  { url, secret }: Extract<ChannelSettings, { name: "webhook" }>,
  post: SendPost,
): Channel {
  return {
    name: "webhook",
    send: (message, signal) => {
      const body = JSON.stringify({ source: "ecoflow-power", ...message });
      const signature = secret === undefined
        ? undefined
        : createHmac("sha256", secret).update(body).digest("hex");
      const { pathname, search } = new URL(url);
      return post({
        url,
        headers: {
          "content-type": "application/json",
          ...(signature === undefined ? {} : { "x-ecoflow-signature": `sha256=${signature}` }),
        },
        body,
        secrets: [secret, ...(pathname.length > 1 ? [pathname] : []), ...(search.length > 1 ? [search] : [])],
      }, signal);
    },
  };
}
