import assert from "node:assert/strict";
import { driverAdvice, examineCable, examineUnused, readingWords } from "./cable_words.ts";

for (
  const [debian, nut, wanted] of [
    ["12", "2.8.0", /2\.8\.0 does not know.*Debian 12 has 2\.8\.0: build/],
    ["13", "2.8.1", /2\.8\.1 does not know.*Debian 13/],
    ["12", undefined, /^Debian 12 has 2\.8\.0: build/],
    [undefined, undefined, /upsc -V/],
    ["14", "2.8.2", /must be 2\.8\.3/],
    ["14", "2.8.3", /^NUT 2\.8\.3 knows/],
    ["12", "2.8.10", /knows/],
    ["12", "3.0", /knows/],
  ] as const
) {
  Deno.test(`driverAdvice() for Debian ${debian} with NUT ${nut}`, () => {
    assert.match(driverAdvice(debian, nut), wanted);
  });
}

const READING = { grid: true, soc: 80, status: "OL", model: "RIVER 3 Plus" };

Deno.test("examineCable() says what a cable tells, and what to do when it tells nothing", () => {
  assert.equal(readingWords(READING), "RIVER 3 Plus: on line (OL), charge 80 %");
  assert.equal(examineCable("Study", "127.0.0.1:3493", READING).verdict, "good");
  assert.equal(examineCable("Study", "x", { ...READING, soc: undefined }).verdict, "bad");
  for (
    const [problem, cure] of [
      ['it answered "ERR DATA-STALE", wanted a whole list', /USB cable/],
      ['it answered "ERR UNKNOWN-UPS", wanted a whole list', /upsc -l/],
      ['it answered "ERR ACCESS-DENIED" to PASSWORD', /NUT_SOURCE_PASSWORDS_JSON/],
      ["invalid peer certificate: UnknownIssuer", /NUT_SOURCE_CA_FILE/],
      ["Connection refused (os error 111)", /systemctl status nut-server/],
    ] as const
  ) assert.match(examineCable("Study", "x", problem).text, cure);
});

Deno.test("examineUnused() offers what a server here has and nobody uses", () => {
  const found = [{ ups: "a", description: "", reading: READING }, {
    ups: "b",
    description: "",
    reading: "ERR",
  }];
  const used = [{ host: "127.0.0.1", ups: "a" }, { host: "nas", ups: "b" }];
  assert.deepEqual(examineUnused(found, used).map(({ verdict }) => verdict), ["unsure"]);
  assert.match(
    examineUnused(found, used)[0]?.text ?? "",
    /"b": ERR.*NUT_SOURCES_JSON=\{"Study":\{"ups":"b"\}\}/,
  );
});

Deno.test("examineCable() calls a cable with another serial number bad, and one without a number good", () => {
  const sn = "R651SIM000000001";
  const verdict = (serial?: string) => examineCable("Study", "x", { ...READING, serial }, sn).verdict;
  assert.deepEqual([verdict(sn), verdict(), verdict("R651SIM000000002")], ["good", "good", "bad"]);
  const { text } = examineCable("Study", "x:1", { ...READING, serial: "AS1" }, sn);
  assert.match(
    text,
    /x:1 has the serial number AS1, wanted R651SIM000000001.*nothing that it says is believed/,
  );
});

Deno.test("examineUnused() names the station whose serial number a UPS says", () => {
  const found = [{ ups: "a", description: "", reading: { ...READING, serial: "R651SIM000000001" } }];
  const text = examineUnused(found, [], [{ sn: "R651SIM000000001", name: "Attic" }])[0]?.text ?? "";
  assert.match(text, /NUT_SOURCES_JSON=\{"Attic":\{"ups":"a"\}\}/);
});

Deno.test("examineCable() is not sure of a cable whose station nobody knows and no host hangs on, and says whose was meant", () => {
  const of = (device: string) => examineCable(device, "x:1", READING, undefined, ["Study", "Rack"]);
  assert.equal(of("Study").verdict, "good");
  const { verdict, text } = of("Stduy");
  assert.equal(verdict, "unsure");
  assert.match(
    text,
    /x:1, RIVER 3 Plus: on line.*nobody else names "Stduy", and no host hangs on it; did you mean "Study"\?/,
  );
  assert.equal(examineCable("Stduy", "x:1", "ERR", undefined, ["Study"]).verdict, "bad");
});
