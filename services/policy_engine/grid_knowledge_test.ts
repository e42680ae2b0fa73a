import assert from "node:assert/strict";
import { GridKnowledge } from "./testdata/grid_knowledge.ts";

const STALE_SEC = 120;

/** A station that said the grid at 100 s and 200 s; then the policy was killed, and a witness contradicts at 250 s. */
function restarted(grid = true, source: "auto" | "witness" = "auto"): GridKnowledge {
  const knowledge = new GridKnowledge(source, STALE_SEC);
  knowledge.stationSays(grid, false, 100, 100);
  knowledge.stationSays(grid, false, 200, 200);
  knowledge.restart(true, 0);
  knowledge.witnessSays(!grid, 250);
  return knowledge;
}

Deno.test("GridKnowledge takes no word from before a restart as present", () => {
  for (const grid of [true, false]) {
    const knowledge = restarted(grid);
    assert.equal(
      knowledge.mayBe(grid, 250),
      false,
      "the one who reads it from the snapshot breaks a promise",
    );
    assert.equal(knowledge.mustBe(!grid, 250), true);
  }
});

Deno.test("GridKnowledge lets a word that the station was heard to say after the restart stand while it is fresh", () => {
  for (const grid of [true, false]) {
    const knowledge = restarted(grid);
    knowledge.stationSays(grid, false, 150, 250);
    assert.equal(knowledge.mayBe(grid, 270), true, "at the limit");
    assert.equal(
      knowledge.mayBe(!grid, 270),
      true,
      "the policy may know the newer word, and then the witness decides",
    );
    assert.equal(knowledge.mustBe(grid, 270) || knowledge.mustBe(!grid, 270), false);
    assert.equal(knowledge.mayBe(grid, 271), false, "a second later");
    assert.equal(knowledge.mustBe(!grid, 271), true);
  }
});

Deno.test("GridKnowledge lets no other old word stand after a restart", () => {
  const other = new GridKnowledge("auto", STALE_SEC);
  other.stationSays(false, false, 100, 100);
  other.stationSays(true, false, 200, 200);
  other.restart(true, 0);
  other.stationSays(false, false, 150, 250);
  assert.equal(other.mayBe(false, 250), false, "a change is always stored: the policy knows the newer word");
  const untold = restarted(true);
  untold.stationSays(undefined, true, 240, 250);
  untold.stationSays(true, false, 150, 250);
  assert.equal(untold.mayBe(true, 250), false, "the station does not tell the grid any more");
  const twice = restarted(true);
  twice.stationSays(true, false, 150, 250);
  twice.restart(true, 0);
  twice.witnessSays(false, 260);
  assert.equal(twice.mayBe(true, 260), false, "the second restart makes it a word from before");
  const panel = restarted(true, "witness");
  panel.stationSays(true, false, 150, 250);
  assert.equal(panel.mayBe(true, 250), false, "its word does not count");
});

Deno.test("GridKnowledge takes a newer word after a restart as it is", () => {
  const knowledge = restarted(true);
  knowledge.stationSays(true, false, 210, 250);
  assert.equal(knowledge.mustBe(true, 250), true);
  const changed = restarted(true);
  changed.stationSays(true, false, 150, 250);
  changed.stationSays(false, false, 255, 255);
  assert.equal(changed.mustBe(false, 255), true, "what was said again before it counts no more");
});
