import assert from "node:assert/strict";
import { readUpsList, readUpsVars } from "./ups_vars.ts";

const list = (...vars: string[]) =>
  ["BEGIN LIST VAR u", ...vars.map((text) => `VAR u ${text}`), "END LIST VAR u", ""].join("\n");
const NONE = {
  grid: undefined,
  soc: undefined,
  dischargeMin: undefined,
  outWatts: undefined,
  inVolts: undefined,
  tempCelsius: undefined,
  model: undefined,
  serial: undefined,
};

for (
  const [name, vars, wanted] of [
    ["reads charge, minutes and watts on battery", [
      'ups.status "OB DISCHRG"',
      'battery.charge "80"',
      'battery.runtime "3599"',
      'ups.realpower "51.5"',
    ], { ...NONE, grid: false, status: "OB DISCHRG", soc: 80, dischargeMin: 59, outWatts: 51.5 }],
    ["takes the load of the nominal power where no watts are told", [
      'ups.status "OL"',
      'ups.load "25"',
      'ups.realpower.nominal "600"',
      'input.voltage "231.0"',
      'battery.temperature "-4.5"',
      'ups.model " RIVER 3 Plus "',
    ], {
      ...NONE,
      grid: true,
      status: "OL",
      outWatts: 150,
      inVolts: 231,
      tempCelsius: -4.5,
      model: "RIVER 3 Plus",
    }],
    ["says no watts of a load without a nominal power", ['ups.status "OL"', 'ups.load "25"'], {
      ...NONE,
      grid: true,
      status: "OL",
    }],
    ["takes nothing that only looks like a number", [
      'ups.status "OB"',
      'battery.charge "0x20"',
      'battery.runtime "1e3"',
      'ups.realpower "Infinity"',
      'input.voltage "-1"',
      'ups.load "nan"',
      'ups.realpower.nominal "0"',
    ], { ...NONE, grid: false, status: "OB" }],
    ["takes no minutes on line", ['ups.status "OL"', 'battery.runtime "144000"'], {
      ...NONE,
      grid: true,
      status: "OL",
    }],
    ["takes no minutes of a status that says neither", ['ups.status "CAL RB"', 'battery.runtime "60"'], {
      ...NONE,
      status: "CAL RB",
    }],
    ["says no grid when both are said", ['ups.status "OL OB ALARM"'], { ...NONE, status: "OL OB ALARM" }],
    ["takes 100 %", ['ups.status "OL"', 'battery.charge "100"'], {
      ...NONE,
      grid: true,
      status: "OL",
      soc: 100,
    }],
    ["takes no word on another UPS", ['ups.status "OL"', 'battery.charge "7"\nVAR v battery.charge "99"'], {
      ...NONE,
      grid: true,
      status: "OL",
      soc: 7,
    }],
    ["reads a model as it was written, without what would change a terminal", [
      'ups.status "OL  CHRG\u001b[2J"',
      'ups.model "A \\"B\\" \\\\C\u202e"',
    ], { ...NONE, grid: true, status: "OL  CHRG[2J", model: 'A "B" \\C' }],
    ["reads the serial number of the device, else of the UPS", [
      'ups.status "OL"',
      'device.serial "00000000"',
      'ups.serial " R651ZEB4XG1A0001 "',
    ], { ...NONE, grid: true, status: "OL", serial: "R651ZEB4XG1A0001" }],
    ["takes a word for none for no serial number", [
      'ups.status "OL"',
      'device.serial "Not set"',
      'ups.serial "--"',
    ], { ...NONE, grid: true, status: "OL" }],
    ["takes no charge above 100 %", ['ups.status "OL"', 'battery.charge "100.1"'], {
      ...NONE,
      grid: true,
      status: "OL",
    }],
    ["takes an empty text for no number", ['ups.status "OB"', 'battery.charge ""', 'battery.runtime "x"'], {
      ...NONE,
      grid: false,
      status: "OB",
    }],
  ] as const
) {
  Deno.test(`readUpsVars() ${name}`, () => assert.deepEqual(readUpsVars(list(...vars), "u"), wanted));
}

for (
  const [answer, wanted] of [
    ["ERR DATA-STALE\n", /DATA-STALE/],
    ["", /wanted a whole list/],
    ['BEGIN LIST VAR u\nVAR u ups.status "OL"\n', /wanted a whole list/],
    [list('battery.charge "3"'), /no ups.status/],
    [list('ups.status "OL"', 'driver.name "ecoflow-power"'), /own NUT server/],
    [list('ups.status "OL"').replaceAll("VAR u", "VAR v"), /wanted a whole list/],
  ] as const
) {
  Deno.test(`readUpsVars() refuses ${JSON.stringify(answer.slice(0, 40))}`, () => {
    assert.throws(() => readUpsVars(answer, "u"), wanted);
  });
}

Deno.test("readUpsList() reads names and descriptions, and refuses what is no list", () => {
  assert.deepEqual(
    readUpsList(
      'BEGIN LIST UPS\nUPS a "My UPS"\nUPS b "Description unavailable"\nUPS c/d "x"\nEND LIST UPS\n',
    ),
    [{ ups: "a", description: "My UPS" }, { ups: "b", description: "Description unavailable" }],
  );
  assert.throws(() => readUpsList("ERR ACCESS-DENIED\n"), /ACCESS-DENIED.*wanted a list/);
});
