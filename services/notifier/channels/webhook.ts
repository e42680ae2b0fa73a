/** Any program that takes JSON over HTTP. With a secret the body is signed: `x-ecoflow-signature: sha256=<hex HMAC>`. */
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
    send: async (message, signal) => {
      const body = JSON.stringify({ source: "ecoflow-power", ...message });
      const signature = secret === undefined ? undefined : await hmacHex(secret, body);
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

/** Not by "node:crypto": it costs this worker a megabyte, whatever the channel. */
async function hmacHex(secret: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign(algorithm.name, key, encoder.encode(text));
  return Array.from(new Uint8Array(signature), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
