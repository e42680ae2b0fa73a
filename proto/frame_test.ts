import assert from "node:assert/strict";
import { InvalidInputError } from "../lib/errors.ts";
import {
  decodeFrame,
  encodeFrame,
  type Header,
  isMasked,
  masked,
  MAX_FRAME_BYTES,
  MAX_HEADERS,
  MAX_PROBLEMS,
  plainPdata,
  readFrame,
} from "./frame.ts";

/** The annotated push of the protocol facts, framing.md section 7. */
const PUSH = Uint8Array.fromHex(
  "0a330a0fb94343f4424141b103f4514141ee03" + "10021820200128013001380340fe0148155" +
    "00f70c1a4930278828801800103880101",
);

Deno.test("decodeFrame() reads the annotated push and unmasks it", () => {
  const headers = decodeFrame(PUSH);
  assert.equal(headers.length, 1);
  const [header = {}] = headers;
  const { pdata: _pdata, ...rest } = header;
  assert.deepEqual(rest, {
    src: 2,
    dest: 32,
    d_src: 1,
    d_dest: 1,
    enc_type: 1,
    check_type: 3,
    cmd_func: 254,
    cmd_id: 21,
    data_len: 15,
    seq: 4510273,
    product_id: 17410,
    version: 3,
    payload_ver: 1,
  });
  assert.equal(plainPdata(header).toHex(), "f80202b5030000f042b5100000af42");
});

Deno.test("encodeFrame() gives back the bytes of the annotated push", () => {
  assert.equal(encodeFrame(decodeFrame(PUSH)).toHex(), PUSH.toHex());
});

Deno.test("encodeFrame() and decodeFrame() keep values at their limits", () => {
  const rows: Header[] = [
    {},
    { pdata: new Uint8Array() },
    { seq: 0, enc_type: 0, src: 0 },
    { seq: -1 },
    { seq: -2147483648 },
    { seq: 2147483647, cmd_func: 254, cmd_id: 21 },
    { seq: -127, pdata: Uint8Array.of(1, 2, 3), data_len: 3, enc_type: 1 },
    { code: "-2", from: "", device_sn: "R651ZEB400000000" },
  ];
  assert.deepEqual(decodeFrame(encodeFrame(rows)), rows);
  for (const row of rows) assert.deepEqual(decodeFrame(encodeFrame([row])), [row]);
});

Deno.test("decodeFrame() keeps unknown header fields byte for byte", () => {
  const bytes = Uint8Array.fromHex("0a0b" + "1002" + "d80105" + "e2010201ff" + "68");
  assert.throws(() => decodeFrame(bytes), /varint ends/);
  const whole = Uint8Array.fromHex("0a0a" + "1002" + "d80105" + "e2010201ff");
  assert.equal(encodeFrame(decodeFrame(whole)).toHex(), whole.toHex());
});

Deno.test("isMasked() and plainPdata() decide per header", () => {
  const pdata = Uint8Array.of(0x0f, 0xf0);
  const rows: { name: string; header: Header; masked: boolean; plain: string }[] = [
    { name: "no enc_type", header: { pdata, seq: 0xff }, masked: false, plain: "0ff0" },
    { name: "enc_type 0", header: { pdata, enc_type: 0, seq: 0xff }, masked: false, plain: "0ff0" },
    { name: "enc_type 1", header: { pdata, enc_type: 1, src: 2, seq: 0x1ff }, masked: true, plain: "f00f" },
    { name: "negative seq", header: { pdata, enc_type: 1, seq: -1 }, masked: true, plain: "f00f" },
    { name: "no seq: key 0", header: { pdata, enc_type: 1 }, masked: true, plain: "0ff0" },
    {
      name: "sent by the app",
      header: { pdata, enc_type: 1, src: 32, seq: 255 },
      masked: false,
      plain: "0ff0",
    },
    { name: "no inner message", header: { enc_type: 1, seq: 5 }, masked: true, plain: "" },
  ];
  for (const row of rows) {
    assert.equal(isMasked(row.header), row.masked, row.name);
    assert.equal(plainPdata(row.header).toHex(), row.plain, row.name);
  }
  assert.equal(pdata.toHex(), "0ff0", "the header's own bytes stay as they were");
  assert.equal(masked(masked(pdata, 77), 77).toHex(), "0ff0");
});

Deno.test("decodeFrame() refuses damage by name", () => {
  const rows: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(), /found no bytes/],
    ["one byte too large", new Uint8Array(MAX_FRAME_BYTES + 1), /at most 65536 bytes, found 65537/],
    ["1 MB", new Uint8Array(1 << 20).fill(0x0a), /at most 65536 bytes, found 1048576/],
    ["largest size, zeros", new Uint8Array(MAX_FRAME_BYTES), /field 0 with wire type 0/],
    ["last byte missing", PUSH.subarray(0, -1), /length 51 at byte 2 is more than the 50 bytes left/],
    ["a byte too many", Uint8Array.of(...PUSH, 0x0a), /varint ends/],
    ["text", new TextEncoder().encode("hello"), /field 13 with wire type 0/],
    ["data_len lies", encodeFrame([{ pdata: Uint8Array.of(1), data_len: 2 }]), /data_len says 2/],
    ["seq as text", Uint8Array.fromHex("0a03720141"), /header field 14 has wire type 2/],
    ["pdata as varint", Uint8Array.fromHex("0a020801"), /header field 1 has wire type 0/],
    ["group without an end", Uint8Array.fromHex("0a04db010801"), /field 27 with wire type 3 has no end/],
    ["field 0 in a group", Uint8Array.fromHex("0a03db0100"), /field number 0 in field 27 with wire type 3/],
    ["group with another's end", Uint8Array.fromHex("0a04db01e401"), /the end of group 28/],
    ["group before the headers", Uint8Array.of(0x13, 0x14, ...PUSH), /field 2 with wire type 3/],
    ["device_sn not UTF-8", Uint8Array.fromHex("0a04ca0101ff"), /must be an EcoFlow frame/],
    ["varint of 11 bytes", Uint8Array.fromHex("0a0c10" + "80".repeat(10) + "01"), /longer than 10 bytes/],
    ["too many headers", encodeFrame(Array(MAX_HEADERS + 1).fill({ src: 2 })), /more than 256 headers/],
  ];
  for (const [name, bytes, text] of rows) {
    assert.throws(
      () => decodeFrame(bytes, "the test"),
      (e) => {
        assert.ok(e instanceof InvalidInputError, name);
        assert.equal(e.source, "the test");
        assert.match(e.message, text, name);
        return true;
      },
      name,
    );
  }
  assert.equal(decodeFrame(encodeFrame(Array(MAX_HEADERS).fill({ src: 2 }))).length, MAX_HEADERS);
});

Deno.test("readFrame() keeps what is whole, and says what it left out", () => {
  const good = { pdata: Uint8Array.of(8, 1), cmd_func: 254, cmd_id: 21 };
  const goodBytes = encodeFrame([good]);
  const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const ZEROS = new Uint8Array(3);
  /** Field 2: a number, a group in it, a text. */
  const GROUP = Uint8Array.fromHex("13" + "0801" + "db01" + "0801" + "dc01" + "1a0141" + "14");
  const field = Uint8Array.fromHex("1005" + "1a020801" + "25ffffffff" + "290000000000000000");
  const rows: [name: string, bytes: Uint8Array, headers: number, problem: RegExp | undefined][] = [
    ["whole", goodBytes, 1, undefined],
    [
      "unknown fields before, between and behind",
      join(field, goodBytes, field, goodBytes, field),
      2,
      /^field 2/,
    ],
    ["data_len off", encodeFrame([{ ...good, data_len: 9 }]), 1, /^data_len says 9, the inner message has 2/],
    ["data_len 0", encodeFrame([{ ...good, data_len: 0 }]), 1, /^data_len says 0/],
    ["65 headers", encodeFrame(Array(65).fill(good)), 65, undefined],
    ["as many as are taken", encodeFrame(Array(MAX_HEADERS).fill(good)), MAX_HEADERS, undefined],
    ["more than are usual", encodeFrame(Array(300).fill(good)), 300, /^more than 256 headers$/],
    ["bytes of 0 before, between and behind", join(ZEROS, goodBytes, ZEROS, goodBytes, ZEROS), 2, /^field 0/],
    [
      "groups before, in each other, between and behind",
      join(GROUP, goodBytes, GROUP, goodBytes, GROUP),
      2,
      /^field 2/,
    ],
    [
      "a group in a header",
      encodeFrame([{ ...good, unknown: Uint8Array.fromHex("db01" + "0801" + "dc01") }]),
      1,
      undefined,
    ],
    ["a group without an end behind a good header", join(goodBytes, Uint8Array.of(0x13)), 1, /^field 2/],
    [
      "a damaged header before a good one",
      join(Uint8Array.fromHex("0a0310ffff"), goodBytes),
      1,
      /varint ends/,
    ],
    ["a cut header behind a good one", join(goodBytes, goodBytes.subarray(0, -1)), 1, /length \d+ at byte/],
    [
      "a number where a text is wanted",
      Uint8Array.fromHex("0a0840fe014815b80101"),
      1,
      /header field 23 has wire/,
    ],
    ["a text that is none", Uint8Array.fromHex("0a0940fe014815ca0101ff"), 1, /"device_sn" is not UTF-8/],
  ];
  for (const [name, bytes, headers, problem] of rows) {
    const read = readFrame(bytes);
    assert.equal(read.headers.length, headers, name);
    for (const { cmd_func, cmd_id } of read.headers) assert.deepEqual([cmd_func, cmd_id], [254, 21], name);
    if (problem) {
      assert.match(read.problems[0] ?? "", problem, name);
      assert.throws(() => readFrame(bytes, "the test", "strict"), InvalidInputError, name);
    } else assert.deepEqual(read.problems, [], name);
  }
});

Deno.test("readFrame() has of a header what the strict reading has of it, as far as decoding asks", () => {
  const pdata = Uint8Array.of(8, 1);
  const rows: Header[] = [
    {},
    { pdata: new Uint8Array() },
    { pdata, data_len: 2, src: 2, dest: 32, enc_type: 1, cmd_func: 254, cmd_id: 21, seq: -2147483648 },
    { pdata, seq: 0, src: 0, dest: 0, enc_type: 0, cmd_func: 0, cmd_id: 0 },
    { code: "-2", seq: 1 },
    { code: "", from: "Android", module_sn: "M", device_sn: "R651ZEB400000000" },
    { from: "Büro", cmd_func: 254 },
    { code: "ü", from: "R".repeat(65), cmd_func: 254 },
    { pdata, d_src: 1, d_dest: 1, check_type: 3, need_ack: 1, is_ack: 1, product_id: -1, version: 19 },
    { pdata, unknown: Uint8Array.fromHex("d80105" + "e2010201ff"), cmd_id: 1 },
  ];
  const asked = ({ pdata, src, dest, enc_type, cmd_func, cmd_id, seq, code }: Header) => ({
    pdata: pdata?.toHex(),
    src,
    dest,
    enc_type,
    cmd_func,
    cmd_id,
    seq,
    code,
  });
  for (const row of rows) {
    const bytes = encodeFrame([row, { cmd_id: 7 }]);
    const { headers, problems } = readFrame(bytes);
    assert.deepEqual(problems, []);
    assert.deepEqual(headers.map(asked), decodeFrame(bytes).map(asked));
    assert.deepEqual(
      headers.map(asked),
      [asked(row), asked({ cmd_id: 7 })],
      "nothing is left of the one before",
    );
  }
});

Deno.test("readFrame() refuses what holds no whole header", () => {
  const rows: [string, Uint8Array][] = [
    ["cut", PUSH.subarray(0, -1)],
    ["zeros", new Uint8Array(100)],
    ["text", new TextEncoder().encode("hello")],
    ["unknown fields alone", Uint8Array.fromHex("1005")],
    ["a header that is none", Uint8Array.fromHex("0a03db0100")],
  ];
  for (const [name, bytes] of rows) {
    assert.throws(() => readFrame(bytes, "the test"), InvalidInputError, name);
  }
});

Deno.test("readFrame() of the largest payload takes no longer than others, whatever it is filled with", () => {
  const fill = (hex: string) => Uint8Array.fromHex(hex.repeat(Math.floor(2 * MAX_FRAME_BYTES / hex.length)));
  /** One header of that, which says its length in three bytes. */
  const inHeader = (bytes: Uint8Array) => {
    const length = Math.min(bytes.length, MAX_FRAME_BYTES - 4);
    const head = [0x0a, 0x80 | length & 0x7f, 0x80 | length >> 7 & 0x7f, length >> 14];
    return Uint8Array.from([...head, ...bytes.subarray(0, length)]);
  };
  const hexes = [
    "0a00",
    "0a0210ff",
    "13",
    "1314",
    "00",
    "0a04db0113dc",
    "0a0840fe014815b80101",
    "e03f01",
    "b80101",
    "ca0100",
  ];
  for (const hex of hexes.flatMap((one) => [one, `${one} in a header`])) {
    const filler = fill(hex.split(" ")[0] ?? "");
    const bytes = hex.endsWith("header") ? inHeader(filler) : filler;
    const startMs = performance.now();
    let problems = 0;
    try {
      problems = readFrame(bytes).problems.length;
    } catch (error) {
      assert.ok(error instanceof InvalidInputError, hex);
    }
    assert.ok(problems <= MAX_PROBLEMS, `${hex}: ${problems} problems`);
    assert.ok(performance.now() - startMs < 2000, hex);
  }
});
