/** The energy of each hour or day as a table, folded. */
import { el } from "../dom.ts";
import { reader } from "../language.ts";

/** The table around its rows. */
export function numbersTable(body: HTMLElement): HTMLElement {
  const titles = [
    "energy_slot",
    "energy_grid",
    "energy_sun",
    "energy_all_in",
    "energy_out",
    "energy_battery",
    "energy_known",
  ] as const;
  const head = el(
    "thead",
    {},
    el("tr", {}, ...titles.map((key) => el("th", { scope: "col" }, reader.say(key)))),
  );
  return el(
    "details",
    {},
    el("summary", {}, reader.say("energy_numbers")),
    el(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-label": reader.say("energy_numbers") },
      el("table", {}, head, body),
    ),
  );
}
