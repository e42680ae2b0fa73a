import assert from "node:assert/strict";
import { markOf, switchOf, textOf, valueOf, whileFresh } from "./payload.ts";
import { renderTemplate } from "./testdata/template.ts";

/** The results are those of Jinja2 3.1 with the same templates. */
const rows: readonly [name: string, template: string, json: unknown, rendered: string][] = [
  ["valueOf()", valueOf("soc"), { soc: 57.3 }, "57.3"],
  ["valueOf() of 0", valueOf("ac_in_watts"), { ac_in_watts: 0 }, "0"],
  ["valueOf() of nothing is unknown, not 0", valueOf("ac_in_watts"), {}, "None"],
  ["valueOf() of null is unknown", valueOf("soc"), { soc: null }, "None"],
  ["switchOf() true", switchOf("grid_connected"), { grid_connected: true }, "ON"],
  ["switchOf() false", switchOf("grid_connected"), { grid_connected: false }, "OFF"],
  ["switchOf() of nothing is neither", switchOf("grid_connected"), {}, "None"],
  ["switchOf() of null is neither", switchOf("grid_connected"), { grid_connected: null }, "None"],
  ["switchOf() of a word is neither", switchOf("grid_connected"), { grid_connected: "yes" }, "None"],
  ["markOf() of nothing is off", markOf("blind"), {}, "OFF"],
  ["markOf() true", markOf("blind"), { blind: true }, "ON"],
  ["textOf()", textOf("held"), { held: "by Ann" }, "by Ann"],
  ["textOf() of nothing is unknown", textOf("held"), {}, "None"],
  ["textOf() of null is unknown", textOf("held"), { held: null }, "None"],
  ["textOf() is cut", textOf("held"), { held: "x".repeat(500) }, "x".repeat(250)],
  [
    "whileFresh() at the limit",
    whileFresh(valueOf("soc"), "soc_age_s", 120),
    { soc: 57.3, soc_age_s: 120 },
    "57.3",
  ],
  [
    "whileFresh() beyond it",
    whileFresh(valueOf("soc"), "soc_age_s", 120),
    { soc: 57.3, soc_age_s: 120.1 },
    "None",
  ],
  ["whileFresh() of nothing", whileFresh(valueOf("soc"), "soc_age_s", 120), { soc_age_s: 0 }, "None"],
  ["whileFresh() of a false", whileFresh(switchOf("grid_connected"), "a", 120), {
    grid_connected: false,
    a: 1,
  }, "OFF"],
  ["whileFresh() of an old false", whileFresh(switchOf("grid_connected"), "a", 120), {
    grid_connected: false,
    a: 121,
  }, "None"],
  ["whileFresh() of a mark that is old", whileFresh(markOf("blind"), "a", 120), { a: 121 }, "None"],
  ["whileFresh() of a text", whileFresh(textOf("held"), "a", 120), { held: "by Ann", a: 1 }, "by Ann"],
  [
    "whileFresh() without an age of its own",
    whileFresh(valueOf("soc"), "a", 120),
    { soc: 5, age_s: 120 },
    "5",
  ],
  ["whileFresh() without it, too old", whileFresh(valueOf("soc"), "a", 120), { soc: 5, age_s: 121 }, "None"],
  ["whileFresh() without any age", whileFresh(valueOf("soc"), "a", 120), { soc: 5 }, "5"],
];
for (const [name, template, json, rendered] of rows) {
  Deno.test(`${name}: ${JSON.stringify(json).slice(0, 40)} gives ${rendered.slice(0, 20)}`, () => {
    assert.equal(renderTemplate(template, { value: JSON.stringify(json), value_json: json }), rendered);
  });
}

Deno.test("renderTemplate() refuses what it cannot judge, and fails where Jinja fails", () => {
  for (const form of ["{{ now() }}", "{{ a + 1 }}", "{% if a %}{% endif %}", "x {{ a }}", "{{ a | int }}"]) {
    assert.throws(() => renderTemplate(form, { a: 1 }), SyntaxError, form);
  }
  assert.throws(() => renderTemplate("{{ value_json.soc }}", {}), TypeError);
  assert.equal(renderTemplate("{{ value_json.soc }}", { value_json: {} }), "");
});
