import assert from "node:assert/strict";
import { join } from "node:path";
import { makeLikeParent } from "./like_parent.ts";

/** Of somebody else than root. */
const NOBODY = 65534;
const AS_ROOT = { ignore: Deno.build.os === "windows" || Deno.uid() !== 0 };

Deno.test("makeLikeParent() gives what it makes to the parent's owner", AS_ROOT, () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.chownSync(dir, NOBODY, NOBODY);
    makeLikeParent(join(dir, "state"));
    assert.equal(Deno.statSync(join(dir, "state")).uid, NOBODY);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test(
  "makeLikeParent() leaves a directory its owner's when it is there: the daemon writes to it meanwhile",
  AS_ROOT,
  () => {
    const dir = Deno.makeTempDirSync();
    try {
      const state = join(dir, "state");
      Deno.mkdirSync(state, { mode: 0o700 });
      Deno.chownSync(state, NOBODY, NOBODY);
      makeLikeParent(state);
      assert.equal(Deno.statSync(state).uid, NOBODY);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  },
);
