/** Looks at ways out that can be wrong without an error: an Apprise server that knows no target for us. */
import type { ChannelSettings, NotifierSettings } from "../../lib/config/notifier/notifier_keys.ts";
import { errorText } from "../../lib/errors.ts";
import type { Finding } from "../../lib/findings.ts";

const LIMIT_MS = 15_000;

/** A target as the server lists it, without its secrets. Source: apprise-api, GET /json/urls/KEY?privacy=1 */
interface Target {
  readonly tags?: readonly string[];
}

/** @returns nothing where there is no way out to look at */
export async function examineNotifier(notifier: NotifierSettings | undefined): Promise<Finding[]> {
  const found = await Promise.all(
    notifier?.channels.map(({ settings }) =>
      settings.name === "apprise" ? examineApprise(settings, notifier.caPem) : undefined
    ) ?? [],
  );
  return found.filter((finding) => finding !== undefined);
}

async function examineApprise(
  { url, targets, tag }: Extract<ChannelSettings, { name: "apprise" }>,
  caPem: string | undefined,
): Promise<Finding | undefined> {
  const what = "apprise";
  if (targets !== undefined) return undefined;
  const listing = url.replace(/\/notify\/([^/]+)$/, "/json/urls/$1?privacy=1");
  if (listing === url) return undefined;
  const client = Deno.createHttpClient({ caCerts: caPem === undefined ? [] : [caPem] });
  const unsure = (text: string): Finding => ({ what, verdict: "unsure", text });
  try {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const reply = await fetch(listing, { client, signal, redirect: "manual" });
    const text = (await reply.text()).slice(0, 1_000_000);
    if (reply.status === 204) {
      return { what, verdict: "bad", text: "the server has nothing stored under the key in APPRISE_URL" };
    }
    if (!reply.ok) return unsure(`the server does not say what is behind the key: status ${reply.status}`);
    return judge(text, tag) ?? unsure("the server says nothing that can be read of what is behind the key");
  } catch (error) {
    // The runtime's text has the whole address in it, which has the key in it.
    return unsure(
      `cannot be asked: ${errorText(error).replaceAll(listing, new URL(url).host).slice(0, 200)}`,
    );
  } finally {
    client.close();
  }
}

/** @returns undefined for an answer that is none */
function judge(text: string, tag: string | undefined): Finding | undefined {
  const what = "apprise";
  let urls: readonly Target[];
  try {
    ({ urls } = JSON.parse(text));
  } catch {
    return undefined;
  }
  if (!Array.isArray(urls)) return undefined;
  const tagsOf = (one: Target | null) => Array.isArray(one?.tags) ? one.tags : [];
  const bad = (text: string): Finding => ({ what, verdict: "bad", text });
  if (urls.length === 0) return bad("there is no target behind the key in APPRISE_URL");
  const untagged = urls.filter((one) => tagsOf(one).length === 0).length;
  if (tag === undefined) {
    return untagged === 0
      ? bad("all targets of the key have tags, so nobody is told: set APPRISE_TAG to one of them")
      : { what, verdict: "good", text: `${untagged} of ${urls.length} targets are told` };
  }
  // Several tags are joined by rules of Apprise's own.
  if (!/^[\w.-]+$/.test(tag) || tag === "all") {
    return { what, verdict: "good", text: `${urls.length} targets` };
  }
  const told = urls.filter((one) => tagsOf(one).includes(tag)).length;
  return told === 0
    ? bad("no target of the key has the tag in APPRISE_TAG, so nobody is told")
    : { what, verdict: "good", text: `${told} of ${urls.length} targets are told` };
}
