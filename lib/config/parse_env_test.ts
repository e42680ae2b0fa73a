import assert from "node:assert/strict";
import { parseEnv } from "node:util";
import { parseEnvText } from "./parse_env.ts";

const texts = [
  "A=1\nB=two words \n\n# comment\n  C = 3 # note\nexport D=4\n",
  'A="one\ntwo"\nB=\'x "y" z\'\nC=`a\'b"c`\nD="a\\nb"\nE=\'a\\nb\'\n',
  'JSON=\'{\n  "Study": ["pc"]\n}\'\nAFTER=yes\n',
  'A=\nB=""\nC=\'\'\nD=a=b=c\nE=a"b\nF=x#y\n',
  'A=1\r\nB="x\r\ny"\r\n',
  "A=\"x\" # note\nB='it#s' more\nA=2\n",
];
for (const text of texts) {
  Deno.test(`parseEnvText() reads ${JSON.stringify(text).slice(0, 50)} as node:util does`, () => {
    assert.deepEqual({ ...parseEnvText(text) }, { ...parseEnv(text) });
  });
}
