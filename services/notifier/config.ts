/** What the notifier gets to see of the configuration, and what the registry has to grant for it. Pure. */
import { netTarget } from "../../lib/text/host_name.ts";
import type { ChannelSettings, NotifierSettings } from "../../lib/config/notifier/notifier_keys.ts";
import type { TopicRoots } from "../../lib/mqtt/topics.ts";

/** See the file comment. */
export interface NotifierConfig extends NotifierSettings {
  readonly roots: TopicRoots;
  /** Directory of the queue; must exist. */
  readonly stateDir: string;
  /** This machine's name; absent: unknown. */
  readonly hostName?: string;
}

/** `host:port` of everything that is sent to. */
export function channelTargets(channels: NotifierSettings["channels"]): string[] {
  return [...new Set(channels.map(({ settings }) => targetOf(settings)))];
}

function targetOf(settings: ChannelSettings): string {
  if (settings.name === "email") return netTarget(settings.host, settings.port);
  const { protocol, hostname, port } = new URL(settings.url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
