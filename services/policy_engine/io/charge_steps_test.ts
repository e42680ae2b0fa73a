import assert from "node:assert/strict";
import { ChargeSteps } from "./charge_steps.ts";
import { house } from "../testdata/test_policy.ts";

const measured = (percent: number) => ({ percent, isEstimate: false });

Deno.test("ChargeSteps tells each whole step on battery, once, and begins anew with the next outage", () => {
  const steps = new ChargeSteps(10, 20);
  const rows: readonly [isOnBattery: boolean, percent: number | undefined, wanted: string | undefined][] = [
    [false, 90, undefined],
    [true, 90, undefined],
    [true, 80.1, undefined],
    [true, 80, "notice 80"],
    [true, 80, undefined],
    [true, undefined, undefined],
    [true, 55, "notice 55"],
    // The sun.
    [true, 60, undefined],
    [true, 51, undefined],
    [true, 50, "notice 50"],
    [true, 25, "warning 25"],
    [false, 24, undefined],
    [true, 24, undefined],
    [true, 15, undefined],
    [true, 14, "warning 14"],
  ];
  for (const [isOnBattery, percent, wanted] of rows) {
    const found = steps.note("Study", isOnBattery, percent === undefined ? undefined : measured(percent));
    const shown = found && `${found.event.severity} ${found.event.data?.soc}`;
    assert.equal(shown, wanted, `${isOnBattery} ${percent}`);
  }
});

Deno.test("ChargeSteps keeps stations apart, and says when it is an estimate", () => {
  const steps = new ChargeSteps(2, 10);
  for (const device of ["Study", "Attic"]) steps.note(device, true, measured(50));
  assert.equal(steps.note("Attic", true, measured(49)), undefined);
  const found = steps.note("Study", true, { percent: 47.9, isEstimate: true });
  assert.equal(found?.event.text, "Study: on battery, an estimated 47 % left");
  assert.deepEqual(found?.event.data, { soc: 47.9, is_estimate: true });
});

const ON = { grid_connected: false, soc: 60, battery_wh: 245, out_watts: 50 };
for (const [socStepPercent, wanted] of [[undefined, 0], [0, 0], [5, 2]] as const) {
  Deno.test(`PolicyEngine tells of a charge that falls with a step of ${socStepPercent}: ${wanted} times`, async () => {
    const h = await house({ socStepPercent });
    for (const soc of [60, 58, 55, 52, 50]) await h.pass(20, { ...ON, soc });
    await h.pass(20, { ...ON, soc: 30, grid_connected: true });
    const told = h.events.filter(({ kind }) => kind === "charge_falls");
    assert.equal(told.length, wanted);
    assert.deepEqual(told.map(({ device }) => device), told.map(() => "Study"));
    await h.stop();
  });
}
