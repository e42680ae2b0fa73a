import assert from "node:assert/strict";
import { isIP } from "node:net";
import { ipFamily } from "./ip_family.ts";

const rows = [
  ...[
    "1.2.3.4",
    "0.0.0.0",
    "255.255.255.255",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.4 ",
    "1.2.3.4/8",
  ],
  ...[
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    ":::",
  ],
  ...["1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", ":1", "1:", ":1::", "1:::2", "12345::", "g::", "FE80::aB"],
  ...[
    "::ffff:1.2.3.4",
    "1:2:3:4:5:6:1.2.3.4",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5::1.2.3.4",
    "1:2:3:4:5:6::1.2.3.4",
  ],
  ...[
    "1.2.3.4::",
    "::1.2.3.4:5",
    "::1.2.3.256",
    "fe80::1%eth0",
    "fe80::1%",
    "fe80::1%a%b",
    "%eth0",
    "1.2.3.4%eth0",
  ],
  ...["", "localhost", "[::1]", "::1\n"],
];

Deno.test("ipFamily() is Node's isIP(): addresses and what looks like them", () => {
  for (const text of rows) assert.equal(ipFamily(text), isIP(text), JSON.stringify(text));
});

Deno.test("ipFamily() is Node's isIP(): 100,000 texts of the signs that addresses have", () => {
  const parts = [
    "0",
    "1",
    "9",
    "25",
    "255",
    "a",
    "ffff",
    ":",
    ":",
    ":",
    "::",
    ".",
    "%",
    "1.2.3.4",
    "fe80::1",
  ];
  let seed = 1;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31);
  const found = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 100_000; i++) {
    const text = Array.from({ length: 1 + (next() >> 8) % 12 }, () => parts[(next() >> 8) % parts.length])
      .join("");
    assert.equal(ipFamily(text), isIP(text), JSON.stringify(text));
    found[ipFamily(text)] = (found[ipFamily(text)] ?? 0) + 1;
  }
  assert.ok((found[4] ?? 0) > 100 && (found[6] ?? 0) > 1000, `${found}`);
});
