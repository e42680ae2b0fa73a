import assert from "node:assert/strict";
import { EXIT } from "../command.ts";
import { runDecode } from "./decode_command.ts";

const PUSH =
  "0a330a0fb94343f4424141b103f4514141ee0310021820200128013001380340fe014815500f70c1a4930278828801800103880101";

function io(files: Record<string, string>, stdin = "") {
  return {
    readFile: (path: string) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new Error("no such file")) : Promise.resolve(text);
    },
    readStdin: () => Promise.resolve(stdin),
  };
}

Deno.test("runDecode() prints messages and state of a payload from standard input", async () => {
  const base64 = Uint8Array.fromHex(PUSH).toBase64();
  for (const [encoding, text] of [["hex", `${PUSH}\n`], ["base64", base64]] as const) {
    const result = await runDecode(["--sn", "R651TEST", "--encoding", encoding, "-"], io({}, text));
    assert.equal(result.exitCode, 0);
    const { messages, state } = JSON.parse(result.exitCode === 0 ? result.output : "");
    assert.deepEqual(messages, [{
      cmd_func: 254,
      cmd_id: 21,
      name: "DisplayPropertyUpload",
      fields: { flow_info_ac_in: 2, pow_get_ac_in: 120, cms_batt_soc: 87.5 },
    }]);
    assert.deepEqual(state, {
      device: "R651TEST",
      soc: 87.5,
      grid_connected: true,
      ac_in_watts: 120,
      sn: "R651TEST",
      model: "RIVER 3",
      grid_evidence: "pow_get_ac_in=120",
      soc_source: "system",
      link: "live",
    });
  }
});

Deno.test("runDecode() prints a JSON payload and one of unknown layout", async () => {
  const json = await runDecode(
    ["--sn", "DCEBTEST", "--encoding", "json", "-"],
    io({}, '{"params":{"inv.acInVol":0,"inv.inputWatts":0}}'),
  );
  assert.equal(JSON.parse(json.exitCode === 0 ? json.output : "").state.grid_connected, false);
  const unknown = await runDecode(
    ["--sn", "ES21TEST", "--encoding", "hex", "-"],
    io({}, "0a09 40fe 0148 28 0a 0208 01".replaceAll(" ", "")),
  );
  assert.deepEqual(JSON.parse(unknown.exitCode === 0 ? unknown.output : "").messages, [
    { cmd_func: 254, cmd_id: 40, name: null, fields: {}, pdata_hex: "0801" },
  ]);
});

Deno.test("runDecode() ends with the code of its kind, and a clear error", async () => {
  const good = JSON.stringify({ sn: "R651TEST", encoding: "hex", payload: PUSH });
  const rows: [string, string[], Record<string, string>, string, RegExp][] = [
    ["no argument", [], {}, "", /one file, or "-", must be given, found 0/],
    ["two files", ["a", "b"], {}, "", /found 2/],
    ["unknown option", ["--colour", "a"], {}, "", /unknown option "--colour"/],
    ["missing file", ["a"], {}, "", /Cannot read file "a": no such file/],
    ["no JSON", ["a"], { a: "x" }, "", /file "a": must be a capture in JSON/],
    ["no capture", ["a"], { a: "{}" }, "", /"encoding" must be .* found undefined/],
    [
      "unknown encoding",
      ["a"],
      { a: good.replace("hex", "morse") },
      "",
      /must begin with one of hex, base64/,
    ],
    [
      "unknown model",
      ["a"],
      { a: good.replace("R651TEST", "XX") },
      "",
      /must name a known model, found "XX"/,
    ],
    ["not hex", ["a"], { a: good.replace("0a33", "zz33") }, "", /the payload must be hex/],
    ["cut payload", ["a"], { a: good.replace("880101", "88") }, "", /must be an EcoFlow frame/],
    [
      "stdin without encoding",
      ["--sn", "R651TEST", "-"],
      {},
      PUSH,
      /--sn and --encoding hex, base64 or json must be given/,
    ],
    ["stdin without sn", ["--encoding", "hex", "-"], {}, PUSH, /--sn and --encoding/],
    [
      "unknown serial",
      ["--sn", "XX", "--encoding", "hex", "-"],
      {},
      PUSH,
      /must fit a known model, found "XX"/,
    ],
    ["empty stdin", ["--sn", "R651TEST", "--encoding", "hex", "-"], {}, "", /found no bytes/],
    [
      "wrong kind",
      ["--sn", "DCEBTEST", "--encoding", "hex", "-"],
      {},
      PUSH,
      /a frame where the DELTA Pro sends JSON/,
    ],
  ];
  for (const [name, args, files, stdin, wanted] of rows) {
    const result = await runDecode(args, io(files, stdin));
    const isUsage = /option|must be given|one file|--sn and|found 2/.test(wanted.source);
    assert.equal(result.exitCode, isUsage ? EXIT.usage : EXIT.no, name);
    assert.match("error" in result ? result.error : "", wanted, name);
  }
});
