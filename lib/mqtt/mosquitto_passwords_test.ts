import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePasswords, hashPassword, isPasswordOf, parsePasswords } from "./mosquitto_passwords.ts";

Deno.test("parsePasswords() reads what mosquitto_passwd wrote, and hashPassword() comes to the same hash", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-passwords-"));
  try {
    const path = join(dir, "passwords");
    writeFileSync(path, "pc:secret\n", { mode: 0o600 });
    const { success } = await new Deno.Command("mosquitto_passwd", { args: ["-U", path] }).output();
    assert.ok(success);
    const text = readFileSync(path, "utf8");
    const table = parsePasswords(text, "test");
    const theirs = table.get("pc") ?? "";
    const [, kind, iterations, salt = ""] = theirs.split("$");
    assert.deepEqual([kind, iterations], ["7", "101"]);
    assert.equal(hashPassword("secret", Uint8Array.fromBase64(salt)), theirs);
    assert.notEqual(hashPassword("Secret", Uint8Array.fromBase64(salt)), theirs);
    assert.equal(isPasswordOf(theirs, "secret"), true);
    assert.equal(isPasswordOf(theirs, "Secret"), false);
    assert.equal(encodePasswords(table), text);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

Deno.test("hashPassword() salts each anew", () => {
  assert.notEqual(hashPassword("secret"), hashPassword("secret"));
});

for (
  const hashed of [
    "",
    "$",
    "$6$x$y",
    "$7$0$AAAA$AAAA",
    "$7$999999999$AAAA$AAAA",
    "$7$101$AAAA$",
    "x".repeat(99),
  ]
) {
  Deno.test(`isPasswordOf() takes nothing for ${JSON.stringify(hashed)}`, () => {
    assert.equal(isPasswordOf(hashed, ""), false);
  });
}

for (const text of ["nonsense", "pc:secret", ":$7$101$a$b"]) {
  Deno.test(`parsePasswords() refuses ${JSON.stringify(text)} and does not show it`, () => {
    assert.throws(() => parsePasswords(`a:$7$101$a$b\n${text}`, "test"), (error: Error) => {
      assert.match(error.message, /^Cannot read test: line 2 must be "user:\$7\$…"$/);
      return error instanceof SyntaxError;
    });
  });
}
