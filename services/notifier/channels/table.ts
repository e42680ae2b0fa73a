/** Every way out, from its settings. */
import type { ChannelSettings } from "../../../lib/config/notifier/notifier_keys.ts";
import type { Channel } from "../channel.ts";
import type { SendPost } from "../http.ts";
import { apprise } from "./apprise.ts";
import { email, type EmailSurroundings } from "./email.ts";
import { ntfy } from "./ntfy.ts";
import { pushover } from "./pushover.ts";
import { telegram } from "./telegram.ts";
import { webhook } from "./webhook.ts";

/** Makes the channel of these settings. */
export function openChannel(
  settings: ChannelSettings,
  post: SendPost,
  surroundings: EmailSurroundings = {},
): Channel {
  switch (settings.name) {
    case "pushover":
      return pushover(settings, post);
    case "telegram":
      return telegram(settings, post);
    case "ntfy":
      return ntfy(settings, post);
    case "email":
      return email(settings, surroundings);
    case "webhook":
      return webhook(settings, post);
    case "apprise":
      return apprise(settings, post);
  }
}
