import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import type { BusMessage } from "../../lib/workers/bus.ts";
import { ASSETS } from "./gen/assets.ts";
import { hashPassword } from "./password.ts";
import { SESSION_LIMITS } from "./sessions.ts";
import { openStream, PASSWORD, withDashboard } from "./testdata/test_dashboard.ts";

const WISHES = ["/api/abort", "/api/drill", "/api/logout"] as const;

/** Everything that the dashboard asks of the policy. */
function wishesOn(broker: { watch(see: (message: BusMessage) => void): () => void }): string[] {
  const seen: string[] = [];
  broker.watch(({ topic }) => void (/request$/.test(topic) && seen.push(topic)));
  return seen;
}

Deno.test("forged wish: refused without a session, without its token, from another origin, as a form", async () => {
  await withDashboard(async ({ wish, login, broker, own }) => {
    const seen = wishesOn(broker);
    const { headers } = await login();
    const other = await login();
    const { cookie } = headers;
    const attempts: readonly [string, Record<string, string>, number][] = [
      ["no session", {}, 401],
      ["a cookie that we never gave", { ...headers, cookie: "ecoflow=abc" }, 401],
      ["no token", { cookie }, 403],
      ["a wrong token", { cookie, "x-csrf-token": "x".repeat(43) }, 403],
      ["another session's token", { cookie, "x-csrf-token": other.headers["x-csrf-token"] }, 403],
      ["another origin", { ...headers, origin: "http://evil.example" }, 403],
      ["another port's origin", { ...headers, origin: "http://127.0.0.1:1" }, 403],
      ["a sandboxed page", { ...headers, origin: "null" }, 403],
      ["https where we speak http", { ...headers, origin: own().origin.replace("http", "https") }, 403],
      ["another site, says the browser", { ...headers, "sec-fetch-site": "cross-site" }, 403],
      ["a form", { ...headers, "content-type": "application/x-www-form-urlencoded" }, 415],
      ["plain text", { ...headers, "content-type": "text/plain" }, 415],
    ];
    for (const path of WISHES) {
      for (const [name, given, status] of attempts) {
        const answer = await wish(path, { device: "Study" }, given);
        assert.equal(answer.status, status, `${path} with ${name}: ${answer.text}`);
      }
    }
    assert.deepEqual(seen, []);
  });
});

Deno.test("forged wish: a GET wishes nothing", async () => {
  await withDashboard(async ({ ask, login }) => {
    const { headers } = await login();
    for (const path of [...WISHES, "/api/login"]) {
      assert.equal((await ask(path, { headers })).status, 405, path);
    }
  });
});

Deno.test("DNS rebinding: a name that is not ours gets nothing, not even the page", async () => {
  await withDashboard(async ({ ask, login, port }) => {
    const { headers } = await login();
    const names = [
      "evil.example",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "",
      "a b",
      "1.2.3.999",
    ];
    for (const host of [...names, ...names.map((name) => `${name}:${port}`)]) {
      for (const path of ["/", "/api/session", "/api/live", "/api/history?device=Study&hours=1"]) {
        const answer = await ask(path, { headers: { ...headers, host } });
        assert.ok([400, 421].includes(answer.status), `${host} ${path}: ${answer.status}`);
        assert.doesNotMatch(answer.text, /csrf|<html/);
      }
    }
    for (const host of [`localhost:${port}`, "127.0.0.1", `[::1]:${port}`, "192.168.1.2:80", "PI.lan:8080"]) {
      assert.equal((await ask("/", { headers: { host } })).status, 200, host);
    }
  });
});

Deno.test("session fixation: a log-in never takes over a token that was there before", async () => {
  await withDashboard(async ({ ask, login }) => {
    const planted = "ecoflow=" + "A".repeat(43);
    const { headers } = await login(PASSWORD, { cookie: planted });
    assert.notEqual(headers.cookie, planted);
    assert.equal((await ask("/api/live", { headers: { cookie: planted } })).status, 401);
    const again = await login(PASSWORD, { cookie: headers.cookie });
    assert.notEqual(again.headers.cookie, headers.cookie);
    assert.match((await ask("/api/session", { headers: again.headers })).text, /"signed_in":true/);
    assert.match((await ask("/api/session", { headers })).text, /"signed_in":false/);
  });
});

Deno.test("session: its cookie is out of reach of scripts, other sites and, under TLS, plain text", async () => {
  await withDashboard(async ({ login }) => {
    const { answer } = await login();
    const cookie = answer.headers.get("set-cookie") ?? "";
    assert.match(cookie, /^ecoflow=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    assert.ok(!answer.text.includes(cookie.slice(8, 51)));
  });
});

Deno.test("session: ends at log-out, after its time, and when the password changes", async () => {
  await withDashboard(async ({ ask, wish, login, clock, passwordFile }) => {
    const isIn = async (headers: Record<string, string>) =>
      JSON.parse((await ask("/api/session", { headers })).text).signed_in;
    const first = await login();
    assert.equal(await isIn(first.headers), true);
    assert.equal((await wish("/api/logout", {}, first.headers)).status, 200);
    assert.equal(await isIn(first.headers), false);

    const second = await login();
    await clock.advance(SESSION_LIMITS.idleMs - 1);
    assert.equal(await isIn(second.headers), true);
    await clock.advance(SESSION_LIMITS.idleMs);
    assert.equal(await isIn(second.headers), false);

    const third = await login();
    writeFileSync(passwordFile, await hashPassword("another password"));
    await clock.advance(2000);
    assert.equal(await isIn(third.headers), false);
    assert.equal((await login()).answer.status, 403);
    rmSync(passwordFile);
    await clock.advance(2000);
    assert.equal((await login("another password")).answer.status, 409);
    writeFileSync(passwordFile, "");
  });
});

Deno.test("brute force: after five wrong passwords the right one has to wait too, ever longer", async () => {
  await withDashboard(async ({ login, clock, log }) => {
    for (let i = 0; i < 4; i++) assert.equal((await login("wrong password")).answer.status, 403);
    const fifth = (await login("wrong password")).answer;
    assert.deepEqual([fifth.status, fifth.headers.get("retry-after")], [429, "60"]);
    assert.equal((await login()).answer.status, 429);
    await clock.advance(59_999);
    assert.equal((await login()).answer.status, 429);
    await clock.advance(1);
    assert.deepEqual((await login("wrong password")).answer.headers.get("retry-after"), "120");
    await clock.advance(120_000);
    assert.equal((await login()).answer.status, 200);
    assert.doesNotMatch(log.text(), /wrong password|correct horse/);
  });
});

Deno.test("brute force: many guesses at once count each", async () => {
  await withDashboard(async ({ login }) => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => login("wrong password")));
    const tried = answers.filter(({ answer }) => answer.status === 403).length;
    assert.ok(tried <= 5, `${tried} guesses were tried`);
    assert.ok(answers.every(({ answer }) => [403, 429].includes(answer.status)));
    // Whoever waited for a turn was sent away without a guess: what is left is one.
    assert.equal((await login("wrong password")).answer.status, 429);
    assert.equal((await login()).answer.status, 429);
  });
});

Deno.test("path traversal: only the files of the page can be had", async () => {
  await withDashboard(async ({ ask }) => {
    const paths = [
      "/../../../../etc/passwd",
      "/assets/../../../etc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/assets/..%2f..%2fpassword",
      "//etc/passwd",
      "/assets/",
      "/password",
      "/.env",
      "/assets/app.js%00.css",
      "/constructor",
      "/__proto__",
    ];
    for (const path of paths) assert.equal((await ask(path)).status, 404, path);
    assert.equal((await ask("/etc\\passwd\0")).status, 400);
    for (const { path } of ASSETS) assert.equal((await ask(path)).status, 200, path);
  });
});

Deno.test("oversized: a large body, a large head and deep JSON are refused", async () => {
  await withDashboard(async ({ ask, wish, login }) => {
    const { headers } = await login();
    assert.equal((await wish("/api/drill", { device: "x".repeat(5000) }, headers)).status, 413);
    assert.equal((await wish("/api/drill", { device: "x".repeat(65) }, headers)).status, 400);
    assert.equal((await wish("/api/drill", { device: "Study", all: true }, headers)).status, 400);
    assert.equal((await ask("/", { headers: { cookie: "a".repeat(9000) } })).status, 431);
    assert.equal((await wish("/api/login", { password: "x".repeat(3000) })).status, 400);
    assert.equal((await ask("/api/history?device=Study&hours=1e9", { headers })).status, 400);
    assert.equal((await ask("/api/history?hours=1", { headers })).status, 400);
  });
});

Deno.test("looking: nobody sees the house without a log-in, unless that is switched on; wishes always need one", async () => {
  const data = ["/api/live", "/api/history?device=Study&hours=1"];
  await withDashboard(async ({ ask }) => {
    for (const path of data) assert.equal((await ask(path)).status, 401, path);
    assert.equal((await ask("/")).status, 200);
  });
  await withDashboard(async ({ ask, wish, port }) => {
    assert.equal((await ask(data[1] ?? "")).status, 200);
    const stream = await openStream(port);
    await stream.until(/event: house/);
    await stream.close();
    for (const path of WISHES) assert.equal((await wish(path, { device: "Study" })).status, 401, path);
    assert.equal((await ask(data[1] ?? "", { headers: { "sec-fetch-site": "cross-site" } })).status, 403);
  }, { readsWithoutLogin: true });
});

Deno.test("looking: an open stream ends when its log-in does", async () => {
  await withDashboard(async ({ wish, login, port, clock }) => {
    const { headers } = await login();
    const stream = await openStream(port, headers);
    await stream.until(/event: house/);
    await wish("/api/logout", {}, headers);
    await clock.advance(2000);
    await assert.rejects(stream.until(/never/));
  });
});

Deno.test("every reply, also a refusal, forbids foreign content, framing and guessing of types", async () => {
  await withDashboard(async ({ ask }) => {
    const replies = [
      await ask("/"),
      await ask("/nothing"),
      await ask("/api/live"),
      await ask("/", { headers: { host: "evil" } }),
    ];
    for (const { headers } of replies) {
      const policy = headers.get("content-security-policy") ?? "";
      assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self'/);
      assert.doesNotMatch(policy, /unsafe|\*|data:/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
    }
  });
});

Deno.test("the page's own files hold no markup that the policy would refuse, and load nothing from elsewhere", () => {
  for (const { path, text } of ASSETS) {
    if (path === "/") assert.doesNotMatch(text, /<script(?![^>]*src=)|<style|\son\w+=|\sstyle=/, path);
    assert.doesNotMatch(
      text,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/,
      path,
    );
    const links = text.match(/https?:\/\/[^"'`\s)]+/g) ?? [];
    assert.deepEqual(links.filter((link) => link !== "http://www.w3.org/2000/svg"), [], path);
  }
});

Deno.test("page weight: the first load is less than 150 kB, even unpacked", () => {
  const bytes = ASSETS.reduce((sum, { text }) => sum + new TextEncoder().encode(text).length, 0);
  assert.ok(bytes < 150_000, `${bytes} bytes`);
});
