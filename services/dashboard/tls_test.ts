import assert from "node:assert/strict";
import { createAuthority } from "../../lib/certificates.ts";
import { PASSWORD, withDashboard } from "./testdata/test_dashboard.ts";

Deno.test("createDashboard() speaks HTTPS with a certificate, and gives a cookie that never leaves TLS", async () => {
  const authority = await createAuthority();
  const tls = await authority.issue({ names: ["localhost", "127.0.0.1"] });
  await withDashboard(async ({ port }) => {
    const client = Deno.createHttpClient({ caCerts: [authority.caPem] });
    try {
      const origin = `https://localhost:${port}`;
      const page = await fetch(`${origin}/`, { client });
      assert.match(await page.text(), /^<!doctype html>/);
      const login = (from: string) =>
        fetch(`${origin}/api/login`, {
          client,
          method: "POST",
          headers: { "content-type": "application/json", origin: from },
          body: JSON.stringify({ password: PASSWORD }),
        });
      const downgraded = await login(origin.replace("https", "http"));
      assert.equal(downgraded.status, 403);
      await downgraded.body?.cancel();
      const answer = await login(origin);
      const cookie = answer.headers.get("set-cookie") ?? "";
      assert.match(cookie, /^__Host-ecoflow=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
      await answer.body?.cancel();
      const session = await fetch(`${origin}/api/session`, {
        client,
        headers: { cookie: cookie.split(";")[0] ?? "" },
      });
      assert.equal((await session.json()).signed_in, true);
    } finally {
      client.close();
    }
  }, { tls });
});

Deno.test("createDashboard() with a certificate answers nobody in plain text, and goes on", async () => {
  const authority = await createAuthority();
  const tls = await authority.issue();
  await withDashboard(async ({ port }) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`));
    const text = await new Response(conn.readable).text().catch(() => "");
    assert.doesNotMatch(text, /HTTP|html/);
    const client = Deno.createHttpClient({ caCerts: [authority.caPem] });
    const page = await fetch(`https://localhost:${port}/`, { client });
    assert.equal(page.status, 200);
    await page.body?.cancel();
    client.close();
  }, { tls });
});
