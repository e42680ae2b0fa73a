import assert from "node:assert/strict";
import { startHttps } from "../../services/notifier/testdata/servers.ts";
import { parseEventChoice } from "../../lib/config/notifier/event_choice.ts";
import { examineNotifier } from "./examine_notifier.ts";

const urls = (...tags: string[][]) =>
  JSON.stringify({ tags: [], urls: tags.map((tags) => ({ url: "x://****", tags })) });
const rows: readonly [
  name: string,
  status: number,
  body: string | null,
  tag: string | undefined,
  wanted: RegExp,
][] = [
  [
    "an unknown key",
    204,
    null,
    undefined,
    /^bad the server has nothing stored under the key in APPRISE_URL$/,
  ],
  ["an empty key", 200, urls(), undefined, /^bad there is no target behind the key/],
  [
    "tagged targets and no tag",
    200,
    urls(["family"], ["it"]),
    undefined,
    /^bad all targets of the key have tags/,
  ],
  ["a target without a tag", 200, urls(["family"], []), undefined, /^good 1 of 2 targets are told$/],
  ["a tag that a target has", 200, urls(["family", "it"], ["it"]), "family", /^good 1 of 2 targets/],
  ["a tag that no target has", 200, urls(["family"]), "famly", /^bad no target of the key has the tag/],
  ["the tag for all", 200, urls(["family"]), "all", /^good 1 targets$/],
  ["a server that says nothing", 403, "no", undefined, /^unsure the server does not say .* status 403$/],
  ["an answer that is none", 200, "<html>", undefined, /^unsure the server says nothing that can be read/],
  ["JSON of another kind", 200, '{"urls":[null,{"tags":7}]}', undefined, /^good 2 of 2/],
];
for (const [name, status, body, tag, wanted] of rows) {
  Deno.test(`examineNotifier() finds ${name}`, async () => {
    const server = await startHttps();
    try {
      server.answer = () => new Response(body, { status });
      const [finding] = await examineNotifier({
        channels: [{
          settings: { name: "apprise", url: `${server.url}/apprise/notify/secret-key`, tag },
          choice: parseEventChoice("normal"),
        }],
        collectSec: 30,
        caPem: server.caPem,
      });
      assert.match(`${finding?.verdict} ${finding?.text}`, wanted);
      assert.equal(server.got[0]?.path, "/apprise/json/urls/secret-key?privacy=1");
    } finally {
      await server.stop();
    }
  });
}

Deno.test("examineNotifier() tells no key of a server that is not there, and asks nothing of other ways", async () => {
  const choice = parseEventChoice("normal");
  const [finding] = await examineNotifier({
    channels: [{ settings: { name: "apprise", url: "http://127.0.0.1:9/notify/secret-key" }, choice }],
    collectSec: 30,
  });
  assert.equal(finding?.verdict, "unsure");
  assert.doesNotMatch(finding?.text ?? "", /secret-key/);
  const ntfy = { settings: { name: "ntfy", url: "https://x.example/t" } as const, choice };
  assert.deepEqual(await examineNotifier({ channels: [ntfy], collectSec: 30 }), []);
  assert.deepEqual(await examineNotifier(undefined), []);
});
