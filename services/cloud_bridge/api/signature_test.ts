import assert from "node:assert/strict";
import { sign, type SignedValue, stringToSign } from "./signature.ts";

const DEMO = {
  accessKey: "DEMOACCESSKEY0001",
  secretKey: "DEMOSECRETKEY0001",
  nonce: "123456",
  timestampMs: 1700000000000,
};
const DEMO_TAIL = "accessKey=DEMOACCESSKEY0001&nonce=123456&timestamp=1700000000000";

/** The worked examples of ../shared/protocol/cloud.md; the first is the vendor's own. */
const vectors: readonly {
  name: string;
  params: Record<string, SignedValue>;
  keys?: Partial<typeof DEMO>;
  text: string;
  sign: string;
}[] = [
  {
    name: "the vendor's example, with nested members",
    params: { sn: "123456789", params: { cmdSet: 11, id: 24, eps: 0 } },
    keys: {
      accessKey: "Fp4SvIprYSDPXtYJidEtUAd1o",
      secretKey: "WIbFEKre0s6sLnh4ei7SPUeYnptHG6V",
      nonce: "345164",
      timestampMs: 1671171709428,
    },
    text: "params.cmdSet=11&params.eps=0&params.id=24&sn=123456789&" +
      "accessKey=Fp4SvIprYSDPXtYJidEtUAd1o&nonce=345164&timestamp=1671171709428",
    sign: "07c13b65e037faf3b153d51613638fa80003c4c38d2407379a7f52851af1473e",
  },
  {
    name: "no parameters",
    params: {},
    text: DEMO_TAIL,
    sign: "7fd47d89900ca4a2dcb93ed68fa600c480b3e69373f7119f93e61b7e73fb2795",
  },
  {
    name: "one parameter",
    params: { sn: "R631ZEB400000000" },
    text: `sn=R631ZEB400000000&${DEMO_TAIL}`,
    sign: "a0ee6066c232a022a9ea05a4f4ddd8a843d472d47b59faba9868250607c5c4e7",
  },
  {
    name: "an array",
    params: { sn: "R631ZEB400000000", params: { quotas: ["cmsBattSoc", "flowInfoAcIn"] } },
    text: `params.quotas[0]=cmsBattSoc&params.quotas[1]=flowInfoAcIn&sn=R631ZEB400000000&${DEMO_TAIL}`,
    sign: "226e97c78fa16e5cadadcb4557126b765e751e3c4e8ce488ef8637869ca239b2",
  },
];

for (const { name, params, keys, text, sign: expected } of vectors) {
  Deno.test(`sign() reproduces ${name}`, () => {
    assert.equal(stringToSign({ ...DEMO, ...keys, params }), text);
    assert.equal(sign({ ...DEMO, ...keys, params }), expected);
  });
}

Deno.test("stringToSign() sorts in ASCII order and spells values as JSON does", () => {
  const params = { b: true, B: false, a_: null, "a.b": 1.5, a: { c: [{ d: 0 }, []] } };
  assert.equal(
    stringToSign({ ...DEMO, params }),
    `B=false&a.b=1.5&a.c[0].d=0&a_=null&b=true&${DEMO_TAIL}`,
  );
});
