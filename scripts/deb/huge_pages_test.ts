import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { examineHugePages } from "../../commands/doctor/examine_machine.ts";
import { findingsText } from "../../lib/findings.ts";

const SCRIPT = fileURLToPath(new URL("huge-pages", import.meta.url));
const rows: readonly [name: string, pageSize: string, setting: string | undefined, isBad: boolean][] = [
  ["pages of 16 KB, always", "16384", "[always] madvise never", true],
  ["pages of 64 KB, always", "65536", "[always] madvise never", true],
  ["pages of 16 KB, madvise", "16384", "always [madvise] never", false],
  ["pages of 16 KB, never", "16384", "always madvise [never]", false],
  ["pages of 4 KB, always", "4096", "[always] madvise never", false],
  ["a kernel without huge pages", "16384", undefined, false],
];
for (const [name, pageSize, setting, isBad] of rows) {
  Deno.test(
    `huge-pages with ${name} ${
      isBad ? "warns, and doctor tells" : "says nothing, and takes an old note back"
    }`,
    {
      ignore: Deno.build.os === "windows",
    },
    () => {
      const dir = Deno.makeTempDirSync();
      try {
        const [file, note] = [join(dir, "enabled"), join(dir, "note")];
        if (setting !== undefined) Deno.writeTextFileSync(file, `${setting}\n`);
        Deno.writeTextFileSync(note, "from another kernel");
        const { success, stdout } = new Deno.Command("sh", { args: [SCRIPT, pageSize, file, note] })
          .outputSync();
        assert.ok(success);
        const said = new TextDecoder().decode(stdout);
        const found = findingsText(examineHugePages(note));
        if (isBad) {
          assert.match(said, /^<4>HUGE PAGES .*transparent_hugepage=madvise/);
          assert.match(found, new RegExp(`^WRONG  memory: .*pages of ${pageSize} bytes`));
        } else assert.deepEqual([said, found], ["", ""]);
      } finally {
        Deno.removeSync(dir, { recursive: true });
      }
    },
  );
}
