import assert from "node:assert/strict";
import { EVENT_KINDS } from "../../../../lib/messages/event_kinds.ts";
import { EVENT_TITLES_DE } from "./event_titles.ts";
import { PAGE_TEXTS } from "./page_texts.ts";
import { PAST_TEXTS } from "./past_texts.ts";
import { STATION_TEXTS } from "./station_texts.ts";
import { LANGUAGES, TEXTS } from "./texts.ts";

const ROOT = new URL("../../", import.meta.url);

/** Everything that the page is made of, but for the table itself. */
function sources(folder: URL): string {
  let text = "";
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) text += name === "texts" ? "" : sources(url);
    else if (/\.(ts|html)$/.test(name) && !name.endsWith("_test.ts")) text += Deno.readTextFileSync(url);
  }
  return text;
}

const USED = sources(new URL("page/", ROOT)) + sources(new URL("shown/", ROOT));

Deno.test("TEXTS has each text in every language, with the same names to fill in", () => {
  const names = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted();
  for (const [key, row] of Object.entries(TEXTS)) {
    assert.equal(row.length, LANGUAGES.length, key);
    for (const text of row) {
      assert.ok(text.trim() === text && text.length > 0, key);
      assert.deepEqual(names(text), names(row[0]), key);
    }
  }
});

Deno.test("TEXTS has no name in two of its parts, of which one would be lost", () => {
  const parts = [PAGE_TEXTS, STATION_TEXTS, PAST_TEXTS].map((part) => Object.keys(part).length);
  assert.equal(Object.keys(TEXTS).length, parts.reduce((a, b) => a + b, 0));
});

Deno.test("TEXTS has no text that the page does not use", () => {
  const unused = Object.keys(TEXTS).filter((key) => !USED.includes(`"${key}"`));
  assert.deepEqual(unused, []);
});

Deno.test("the page's markup names texts that exist, and has no text of its own", () => {
  const html = Deno.readTextFileSync(new URL("page/index.html", ROOT));
  const named = [...html.matchAll(/data-(?:text|label)="(\w+)"/g)].map(([, key = ""]) => key);
  assert.ok(named.length > 10);
  for (const key of named) assert.ok(Object.hasOwn(TEXTS, key), key);
  // What is said without any script is there in both languages.
  const rest = html.replace(/<noscript>.*<\/noscript>|<title>.*?<\/title>|<pre>.*?<\/pre>/gs, "")
    .replace(/<[^>]*>/g, "").replaceAll(/ecoflow-power|·|\s/g, "");
  assert.equal(rest, "");
});

Deno.test("EVENT_TITLES_DE names every kind of event, and no other", () => {
  assert.deepEqual(Object.keys(EVENT_TITLES_DE).toSorted(), Object.keys(EVENT_KINDS).toSorted());
  for (const title of Object.values(EVENT_TITLES_DE)) {
    assert.ok(title.length >= 3 && title.length <= 40, title);
  }
});
