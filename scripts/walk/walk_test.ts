import assert from "node:assert/strict";
import { commandBlocks } from "./blocks.ts";
import { walkedDocuments } from "./documents.ts";
import { paste } from "./paste.ts";
import { pasted } from "./pasted.ts";
import { STOPS } from "./table.ts";

const TEXT =
  "# A\n\n```sh\n# first\nsudo apt install x   # why\n```\n\n1. b\n\n   ```\n   deno task a\n     b\n   ```\n\n" +
  "```\nKEY=value\n```\n\n```toml\ndeno = 1\n```\n";

Deno.test("commandBlocks() finds what is to be pasted, in lists too, and no configuration", () => {
  assert.deepEqual(commandBlocks("a.md", TEXT), [
    { document: "a.md", line: 3, text: "# first\nsudo apt install x   # why\n" },
    { document: "a.md", line: 10, text: "deno task a\n  b\n" },
  ]);
});

const APT = { document: "a.md", begins: "sudo apt install", place: "package" } as const;
const DENO = { document: "a.md", begins: "deno task", place: "checkout" } as const;

Deno.test("pasted() wants a row for each block, and a block for each row", () => {
  const documents = new Map([["a.md", TEXT]]);
  assert.deepEqual(pasted(documents, [DENO, APT]).map(({ block }) => block.line), [10, 3]);
  assert.throws(() => pasted(documents, [APT]), /a\.md:10 must have a row/);
  assert.throws(() => pasted(documents, [APT, DENO, DENO]), /must begin with "deno task", found none/);
  const other = { ...APT, otherwise: [["apk", "apt"]] } as const;
  assert.throws(() => pasted(documents, [other, DENO]), /must have "apk"/);
});

Deno.test("every block of commands in the documents is walked, or skipped for a reason", () => {
  const all = pasted(walkedDocuments());
  assert.ok(all.length > 40, `found only ${all.length}`);
  assert.deepEqual(STOPS.filter(({ place, reason }) => (place === "skipped") !== (reason !== undefined)), []);
});

Deno.test("paste() fails with the first command that fails, and leaves nothing running", async () => {
  const options = { cwd: "/", env: {}, limitMs: 60_000 };
  assert.equal((await paste("set -e\ntrue\n", options)).isWell, true);
  assert.equal((await paste("set -e\nfalse\ntrue\n", options)).isWell, false);
  assert.equal((await paste("true", { ...options, until: "READY$" })).isWell, false);
  const { isWell, said } = await paste("sleep 600 & echo $!; echo READY; wait", {
    ...options,
    until: "READY$",
  });
  assert.equal(isWell, true);
  const pid = Number(said.split("\n")[0]);
  for (let i = 0; i < 200 && isThere(pid); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(isThere(pid), false);
});

function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
