import assert from "node:assert/strict";
import { createFetchHttp } from "./fetch_http.ts";
import type { CloudFault } from "./faults.ts";
import type { HttpRequest } from "./http.ts";
import { createAuthority } from "../../../lib/certificates.ts";

const MAX_BYTES = 1000;

/** Serves one handler over HTTPS, and hands over a way to ask it. */
async function withServer(
  handle: (request: Request) => Response | Promise<Response>,
  run: (ask: (request?: Partial<HttpRequest>, signal?: AbortSignal) => Promise<string>) => Promise<void>,
): Promise<void> {
  const authority = await createAuthority();
  const { cert, key } = await authority.issue();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} }, handle);
  const { http, close } = createFetchHttp({ caPem: authority.caPem, timeoutMs: 300, maxBytes: MAX_BYTES });
  try {
    await run(async (request, signal = new AbortController().signal) => {
      try {
        const url = `https://127.0.0.1:${server.addr.port}/path?userId=777`;
        const { status, body } = await http({ method: "GET", headers: {}, url, ...request }, signal);
        return `${status} ${new TextDecoder().decode(body)}`;
      } catch (error) {
        const { kind, message } = error as CloudFault;
        return `${kind}: ${message}`;
      }
    });
  } finally {
    close();
    await server.shutdown();
  }
}

Deno.test("createFetchHttp() sends method, headers and body, and brings status and bytes", () =>
  withServer(
    async (request) =>
      new Response(`${request.method} ${request.headers.get("x")} ${await request.text()}`, { status: 418 }),
    async (ask) =>
      assert.equal(await ask({ method: "POST", headers: { x: "y" }, body: "äb" }), "418 POST y äb"),
  ));

Deno.test("createFetchHttp() takes the largest answer and refuses one byte more", async () => {
  for (
    const [size, outcome] of [[MAX_BYTES, /^200 x/], [
      MAX_BYTES + 1,
      /^unreadable_reply: .*more than 1000 bytes/,
    ]] as const
  ) {
    await withServer(() => new Response("x".repeat(size)), async (ask) => assert.match(await ask(), outcome));
  }
});

Deno.test("createFetchHttp() follows no redirect: the password stays where it is", () =>
  withServer((request) => {
    assert.equal(new URL(request.url).pathname, "/path");
    return Response.redirect("https://127.0.0.1:1/elsewhere", 307);
  }, async (ask) => assert.match(await ask({ method: "POST", body: "secret" }), /^307 /)));

Deno.test("createFetchHttp() gives up on a server that does not answer, and says so without the query", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  await withServer(() => promise, async (ask) => {
    const said = await ask();
    assert.match(said, /^network: 127\.0\.0\.1:\d+\/path did not answer within 300 ms$/);
    resolve(new Response());
  });
});

Deno.test("createFetchHttp() ends at once when it is stopped", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const stopping = new AbortController();
  await withServer(() => {
    stopping.abort(new Error("stopping"));
    return promise;
  }, async (ask) => {
    assert.match(await ask({}, stopping.signal), /stopping/);
    resolve(new Response());
  });
});

Deno.test("createFetchHttp() names a server that is not there without the query", () =>
  withServer(() => new Response(), async (ask) => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const said = await ask({ url: `https://127.0.0.1:${port}/path?userId=777` });
    assert.match(said, /^network: 127\.0\.0\.1:\d+\/path: .*refused/i);
    assert.doesNotMatch(said, /777/);
  }));
