import assert from "node:assert/strict";
import { answerCommand } from "./outcomes.ts";

for (const action of ["drill", "ping"] as const) {
  Deno.test(`answerCommand() ends a ${action} of a host without a client at once: "failed" would be waited on`, () => {
    const { outcomes } = answerCommand("nas", { id: "1", action }, { lifeMs: 1000, clients: 0 });
    const said = outcomes.map((one) => one.kind === "ack" ? [one.ack.status, one.ack.detail] : one.kind);
    assert.deepEqual(said, [["rejected", "no NUT client of this host is logged in"]]);
  });
}
