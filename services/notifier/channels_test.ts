/** Every channel against a server that speaks its protocol: real HTTPS, real SMTP. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { ChannelSettings, EmailSettings } from "../../lib/config/notifier/notifier_keys.ts";
import { SendError } from "./channel.ts";
import { createAuthority } from "../../lib/certificates.ts";
import { greetingName } from "./channels/email.ts";
import { openChannel } from "./channels/table.ts";
import { createHttp } from "./http.ts";
import type { Message } from "./message.ts";
import { startHttps, startMailServer, type TestServer } from "./testdata/servers.ts";

const MESSAGE: Message = {
  title: "⚠ Study: the grid is gone",
  text: "20:00:00  Study: the grid is gone <b>&\n",
  severity: "warning",
  link: "http://pi.lan:8080/",
};
const NEVER = new AbortController().signal;

async function withHttps(
  run: (server: TestServer, send: (settings: ChannelSettings) => Promise<void>) => Promise<void>,
  trusts = true,
): Promise<void> {
  const server = await startHttps();
  const http = createHttp(trusts ? server.caPem : undefined);
  try {
    await run(server, (settings) => openChannel(settings, http.send).send(MESSAGE, NEVER));
  } finally {
    http.close();
    await server.stop();
  }
}

Deno.test("a server that repeats parts of our secrets puts none of them into an error", () =>
  withHttps(async (server, send) => {
    const rows: readonly (readonly [ChannelSettings, string])[] = [
      [
        {
          name: "webhook",
          url: `${server.url}/api/hook-s3cret/v1?key=quer%79-s3cret&x=1`,
          secret: "x".repeat(9),
        },
        "no hook-s3cret with key query-s3cret",
      ],
      [
        { name: "telegram", url: server.url, botToken: "12345678:bot-s3cret", chatId: "-1" },
        "bad bot-s3cret",
      ],
      [
        {
          name: "apprise",
          url: `${server.url}/notify`,
          targets: "tgram://t0k-s3cret/1, mailto://me:m4il-s3cret@x.y",
        },
        "bad t0k-s3cret and m4il-s3cret",
      ],
    ];
    for (const [settings, said] of rows) {
      server.answer = () => new Response(said, { status: 400 });
      const error = await send(settings).then(() => assert.fail("it was sent"), (error) => error);
      assert.ok(error instanceof SendError);
      assert.match(error.message, /127\.0\.0\.1:\d+ answered with status 400/);
      assert.doesNotMatch(error.message, /s3cret/, error.message);
    }
  }));

Deno.test("pushover posts a form with token, user and priority", () =>
  withHttps(async ({ url, got }, send) => {
    await send({ name: "pushover", url, token: "app-secret", user: "user-secret" });
    assert.equal(got[0]?.path, "/1/messages.json");
    assert.deepEqual(Object.fromEntries(new URLSearchParams(got[0]?.body)), {
      token: "app-secret",
      user: "user-secret",
      title: MESSAGE.title,
      message: MESSAGE.text,
      priority: "0",
      url: MESSAGE.link,
    });
  }));

Deno.test("telegram posts plain text to the chat", () =>
  withHttps(async ({ url, got }, send) => {
    await send({ name: "telegram", url, botToken: "12:secret", chatId: "-100" });
    assert.equal(got[0]?.path, "/bot12:secret/sendMessage");
    const body = JSON.parse(got[0]?.body ?? "");
    assert.equal(body.chat_id, "-100");
    assert.equal(body.text, `${MESSAGE.title}\n\n${MESSAGE.text}\n${"\n"}${MESSAGE.link}`);
    assert.equal("parse_mode" in body, false);
  }));

Deno.test("ntfy publishes JSON with topic, priority and token", () =>
  withHttps(async ({ url, got }, send) => {
    await send({ name: "ntfy", url: `${url}/my-topic`, token: "tk_secret" });
    assert.equal(got[0]?.path, "/");
    assert.equal(got[0]?.headers.get("authorization"), "Bearer tk_secret");
    assert.deepEqual(JSON.parse(got[0]?.body ?? ""), {
      topic: "my-topic",
      title: MESSAGE.title,
      message: MESSAGE.text,
      priority: 4,
      click: MESSAGE.link,
    });
  }));

Deno.test("webhook posts the message, signed", () =>
  withHttps(async ({ url, got }, send) => {
    await send({ name: "webhook", url: `${url}/hook?key=1`, secret: "hook-secret" });
    const { path, body = "", headers } = got[0] ?? {};
    assert.equal(path, "/hook?key=1");
    assert.deepEqual(JSON.parse(body), { source: "ecoflow-power", ...MESSAGE });
    const signature = createHmac("sha256", "hook-secret").update(body).digest("hex");
    assert.equal(headers?.get("x-ecoflow-signature"), `sha256=${signature}`);
  }));

Deno.test("apprise posts to a key, or with targets of its own", () =>
  withHttps(async ({ url, got }, send) => {
    await send({ name: "apprise", url: `${url}/notify/key`, tag: "family" });
    await send({ name: "apprise", url: `${url}/notify`, targets: "mailto://x" });
    assert.deepEqual(got.map(({ path }) => path), ["/notify/key", "/notify"]);
    const [first, second] = got.map(({ body }) => JSON.parse(body));
    assert.deepEqual([first.type, first.tag, first.title], ["warning", "family", MESSAGE.title]);
    assert.equal(second.urls, "mailto://x");
  }));

/** Twenty events of an outage, each with as much as a sentence may hold; the last says how it ended. */
const LONG: Message = {
  ...MESSAGE,
  text: [
    ...Array.from({ length: 19 }, (_, i) => `20:00:${i + 10}  Büro: ${"ä".repeat(450)}`),
    "20:40:00  Büro: the grid is back",
  ].join("\n"),
};
const UTF8 = new TextEncoder();
const limits: readonly (readonly [
  settings: (url: string) => ChannelSettings,
  shown: (body: string) => string,
  size: (text: string) => number,
  limit: number,
])[] = [
  [
    (url) => ({ name: "pushover", url, token: "t", user: "u" }),
    (body) => new URLSearchParams(body).get("message") ?? "",
    (text) => Array.from(text).length,
    1024,
  ],
  [
    (url) => ({ name: "telegram", url, botToken: "1:t", chatId: "1" }),
    (body) => JSON.parse(body).text,
    (text) => text.length,
    4096,
  ],
  [
    (url) => ({ name: "ntfy", url: `${url}/topic` }),
    (body) => JSON.parse(body).message,
    (text) => UTF8.encode(text).length,
    4096,
  ],
];
for (const [settings, shown, size, limit] of limits) {
  const { name } = settings("https://x");
  Deno.test(`${name} keeps a long message within ${limit}, and how it ended is in it`, async () => {
    const server = await startHttps();
    const http = createHttp(server.caPem);
    try {
      await openChannel(settings(server.url), http.send).send(LONG, NEVER);
      const text = shown(server.got[0]?.body ?? "");
      assert.ok(size(text) <= limit && size(text) > limit / 3, `${size(text)}`);
      assert.match(text, /20:40:00 {2}Büro: the grid is back/);
      assert.match(text, /^\d+ earlier ones are left out\.$/m);
    } finally {
      http.close();
      await server.stop();
    }
  });
}

const KEY_ALONE = {} as const;
const APPRISE: readonly (readonly [status: number, settings: object, isFinal: boolean, wanted: RegExp])[] = [
  [204, KEY_ALONE, true, /status 204: nothing is stored there under the key in APPRISE_URL/],
  [204, { tag: "family" }, true, /nothing is stored there/],
  [
    424,
    KEY_ALONE,
    false,
    /a target cannot be reached; or all targets of the key have tags, and APPRISE_TAG names none/,
  ],
  [424, { tag: "family" }, false, /a target cannot be reached; or no target has the tag in APPRISE_TAG/],
  [424, { targets: "mailto://secret@x" }, false, /a target cannot be reached$/],
  [400, KEY_ALONE, true, /status 400/],
  [500, KEY_ALONE, false, /status 500/],
];
for (const [status, settings, isFinal, wanted] of APPRISE) {
  const name = `${status} with ${Object.keys(settings).join() || "a key alone"}`;
  Deno.test(`apprise that answers ${name} is ${isFinal ? "a mistake to be named" : "waited for"}`, () =>
    withHttps(async (server, send) => {
      server.answer = () => new Response(status === 204 ? null : "no", { status });
      const error = await send({ name: "apprise", url: `${server.url}/notify/secret-key`, ...settings }).then(
        () => assert.fail("it went through"),
        (error) => error,
      );
      assert.ok(error instanceof SendError);
      assert.equal(error.isFinal, isFinal);
      assert.equal(error.mayBeTold, status === 424);
      assert.match(error.message, wanted);
      assert.doesNotMatch(error.message, /secret/);
    }));
}

const FAULTS: readonly (readonly [string, () => Response, boolean, number | undefined])[] = [
  ["401", () => new Response("bad token tk_secret", { status: 401 }), true, undefined],
  [
    "429",
    () => new Response("slow down", { status: 429, headers: { "retry-after": "120" } }),
    false,
    120_000,
  ],
  [
    "429 for a day",
    () => new Response("", { status: 429, headers: { "retry-after": "86400" } }),
    false,
    3_600_000,
  ],
  ["500", () => new Response("oops", { status: 500 }), false, undefined],
  [
    "a redirect",
    () => new Response("", { status: 302, headers: { location: "https://elsewhere.example/" } }),
    true,
    undefined,
  ],
];
for (const [name, reply, isFinal, retryAfterMs] of FAULTS) {
  Deno.test(`a channel that answers ${name} is ${isFinal ? "given up" : "tried again"}, and no secret is told`, () =>
    withHttps(async (server, send) => {
      server.answer = reply;
      const error = await send({ name: "ntfy", url: `${server.url}/secret-topic`, token: "tk_secret" }).then(
        () => assert.fail("it went through"),
        (error) => error,
      );
      assert.ok(error instanceof SendError);
      assert.equal(error.isFinal, isFinal);
      assert.equal(error.retryAfterMs, retryAfterMs);
      assert.doesNotMatch(error.message, /tk_secret|secret-topic/);
      assert.equal(server.got.length, 1);
    }));
}

Deno.test("a channel is not sent to a server that nobody vouches for, nor to one that is not there", async () => {
  await withHttps(async ({ url, got }, send) => {
    await assert.rejects(
      send({ name: "telegram", url, botToken: "12:secret", chatId: "1" }),
      (error: Error) => {
        assert.match(error.message, /certificate/i);
        assert.doesNotMatch(error.message, /12:secret/);
        return true;
      },
    );
    assert.equal(got.length, 0);
  }, false);
  const http = createHttp(undefined);
  const gone = openChannel(
    { name: "telegram", url: "http://127.0.0.1:9", botToken: "12:secret", chatId: "1" },
    http.send,
  );
  await assert.rejects(gone.send(MESSAGE, NEVER), (error: Error) => {
    assert.ok(error instanceof SendError && !error.isFinal);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  http.close();
});

async function withMail(
  run: (server: Awaited<ReturnType<typeof startMailServer>>, settings: EmailSettings) => Promise<void>,
  options = {},
): Promise<void> {
  const server = await startMailServer(options);
  try {
    await run(server, {
      name: "email",
      host: "127.0.0.1",
      port: server.port,
      tls: "starttls",
      login: { user: "me", pass: "mail-secret" },
      from: "pi@example.com",
      to: ["me@example.com", "you@example.com"],
    });
  } finally {
    await server.stop();
  }
}

const post = () => Promise.reject(new Error("no HTTP here"));

Deno.test("email is handed in after STARTTLS with a verified certificate and a log-in", () =>
  withMail(async ({ caPem, lines, mails }, settings) => {
    await openChannel(settings, post, { caPem }).send(MESSAGE, NEVER);
    const words = lines.map((line) => line.split(/[ :]/)[0]);
    assert.deepEqual(
      words,
      ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"].slice(0, words.length),
    );
    assert.ok(lines.indexOf("STARTTLS") < lines.findIndex((line) => line.startsWith("AUTH")));
    assert.match(mails[0] ?? "", /^From: pi@example\.com$/m);
    assert.match(mails[0] ?? "", /^To: me@example\.com, you@example\.com$/m);
    assert.match(mails[0] ?? "", /^Subject: =\?UTF-8\?/m);
    assert.match(mails[0] ?? "", /http:\/\/pi\.lan:8080\//);
  }));

Deno.test("email says that a program wrote it, and greets with this machine's full name", () =>
  withMail(async ({ caPem, lines, mails }, settings) => {
    await openChannel(settings, post, { caPem, hostName: "pi" }).send(MESSAGE, NEVER);
    assert.match(mails[0] ?? "", /^Auto-Submitted: auto-generated$/m);
    assert.equal(lines[0], "EHLO pi.local");
  }));

const NAMES: readonly (readonly [string | undefined, string])[] = [
  ["raspberrypi", "raspberrypi.local"],
  ["Pi.Home.Arpa.", "pi.home.arpa"],
  ["localhost", "[127.0.0.1]"],
  ["my_pi", "[127.0.0.1]"],
  ["", "[127.0.0.1]"],
  [undefined, "[127.0.0.1]"],
];
for (const [hostName, greeting] of NAMES) {
  Deno.test(`greetingName() of ${JSON.stringify(hostName)} is ${greeting}`, () => {
    assert.equal(greetingName(hostName), greeting);
  });
}

Deno.test("email trusts the public authorities besides its own, and remembers which of them the server is under", () =>
  withMail(async ({ lines, mails, caPem }, settings) => {
    const other = (await createAuthority({ commonName: "other" })).caPem;
    await assert.rejects(openChannel(settings, post, { caPem: other }).send(MESSAGE, NEVER), /certificate/i);
    // Both were tried, and neither was told anything.
    assert.equal(lines.filter((line) => line === "STARTTLS").length, 2);
    assert.ok(!lines.some((line) => line.startsWith("AUTH")));
    assert.equal(mails.length, 0);
    lines.length = 0;
    const channel = openChannel(settings, post, { caPem });
    await channel.send(MESSAGE, NEVER);
    await channel.send(MESSAGE, NEVER);
    assert.equal(lines.filter((line) => line === "STARTTLS").length, 2);
    assert.equal(mails.length, 2);
  }));

Deno.test("email is not handed in without TLS, nor to a server that nobody vouches for", () =>
  withMail(async ({ mails, lines, replies, caPem }, settings) => {
    await assert.rejects(openChannel(settings, post).send(MESSAGE, NEVER), /certificate/i);
    // A server, or somebody in between, that offers no TLS.
    replies.set("EHLO", "250 test");
    replies.set("STARTTLS", "502 not here");
    await assert.rejects(openChannel(settings, post, { caPem }).send(MESSAGE, NEVER), SendError);
    assert.equal(mails.length, 0);
    assert.ok(!lines.some((line) => line.startsWith("AUTH")));
  }));

Deno.test("email that the server refuses is given up; a full mailbox is tried again; no password is told", () =>
  withMail(async ({ replies, caPem }, settings) => {
    const fail = async () => {
      const error = await openChannel(settings, post, { caPem }).send(MESSAGE, NEVER).then(
        () => undefined,
        (error) => error,
      );
      assert.ok(error instanceof SendError);
      assert.doesNotMatch(error.message, /mail-secret/);
      return error.isFinal;
    };
    replies.set("AUTH", "535 no mail-secret");
    assert.equal(await fail(), true);
    replies.delete("AUTH");
    replies.set("RCPT", "550 nobody");
    assert.equal(await fail(), true);
    replies.set("RCPT", "452 full");
    assert.equal(await fail(), false);
  }));

Deno.test("email goes to a server on this machine without TLS when told so", () =>
  withMail(async ({ mails }, { login: _, ...settings }) => {
    await openChannel({ ...settings, tls: "none" }, post).send(MESSAGE, NEVER);
    assert.equal(mails.length, 1);
  }, { isPlain: true }));
