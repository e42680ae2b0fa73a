import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LOG_INS_PER_HOUR } from "./login_budget.ts";
import { loadIdentity, LoginJournal } from "./state_files.ts";

const UUID = "0B0C7E2A-5A6F-4C3D-9E1F-0123456789AB";
const NOW = Date.UTC(2026, 10, 23);

function inStateDir(run: (dir: string) => void): void {
  const dir = Deno.makeTempDirSync();
  try {
    run(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("loadIdentity() makes an upper-case id once and finds it again", () =>
  inStateDir((dir) => {
    const first = loadIdentity(dir, () => UUID.toLowerCase());
    assert.deepEqual(first, { uuid: UUID, remark: undefined });
    assert.equal(loadIdentity(dir, () => assert.fail("must not make another")).uuid, UUID);
    assert.deepEqual(readdirSync(dir), ["identity.json"]);
  }));

for (
  const [name, text] of [
    ["an empty file", ""],
    ["half a file", '{"uuid":"0B0C'],
    ["another type", '{"uuid":7}'],
    ["lower case", `{"uuid":"${UUID.toLowerCase()}"}`],
    ["zeros of a bad SD card", "\0".repeat(60)],
  ] as const
) {
  Deno.test(`loadIdentity() says that ${name} is damaged, keeps it and makes a new id`, () =>
    inStateDir((dir) => {
      writeFileSync(join(dir, "identity.json"), text);
      const { uuid, remark } = loadIdentity(dir, () => UUID);
      assert.equal(uuid, UUID);
      assert.match(
        remark ?? "",
        /Cannot read file ".*identity.json": .*identity\.json\.damaged, a new client id/,
      );
      assert.equal(readFileSync(join(dir, "identity.json.damaged"), "utf8"), text);
      assert.deepEqual(loadIdentity(dir, () => assert.fail("must not make another")), { uuid: UUID });
    }));
}

Deno.test("loadIdentity() refuses an id that it cannot store", () => {
  assert.throws(
    () => loadIdentity("/nonexistent/state"),
    /Cannot store "\/nonexistent\/state\/identity.json"/,
  );
});

Deno.test("LoginJournal counts over restarts", () =>
  inStateDir((dir) => {
    for (let i = 0; i < LOG_INS_PER_HOUR; i++) {
      const journal = new LoginJournal(dir);
      assert.equal(journal.waitMs(NOW), 0);
      journal.note(NOW);
    }
    assert.equal(new LoginJournal(dir).waitMs(NOW), 3_600_000);
    assert.equal(new LoginJournal(dir).waitMs(NOW + 3_600_000), 0);
  }));

Deno.test("LoginJournal begins anew with a damaged file", () =>
  inStateDir((dir) => {
    writeFileSync(join(dir, "log_ins.json"), '{"at_ms":["x"]}');
    const journal = new LoginJournal(dir);
    assert.equal(journal.waitMs(NOW), 0);
    journal.note(NOW);
    assert.deepEqual(JSON.parse(readFileSync(join(dir, "log_ins.json"), "utf8")), { at_ms: [NOW] });
  }));
