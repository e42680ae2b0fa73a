import assert from "node:assert/strict";
import { declaredTest } from "./declared.ts";

const fn = () => {};
const rows: readonly [how: string, args: readonly unknown[], name: string | undefined][] = [
  ["a name and a function", ["a", fn], "a"],
  ["a name, options and a function", ["a", { ignore: false }, fn], "a"],
  ["options with all of it", [{ name: "a", fn }], "a"],
  ["options and a function", [{ name: "a" }, fn], "a"],
  ["a function alone", [function a() {}], "a"],
  ["a name, and options that leave it out", ["a", { ignore: true }, fn], undefined],
  ["options that leave it out", [{ name: "a", fn, ignore: true }], undefined],
];
for (const [how, args, name] of rows) {
  Deno.test(`declaredTest() of ${how} is ${name}`, () => {
    const found = declaredTest(...args);
    assert.equal(found?.name, name);
    if (name !== undefined) assert.equal(typeof found?.run, "function");
  });
}
