/** The list of event kinds against the sources that write them. */
import assert from "node:assert/strict";
import { EVENT_KINDS } from "../lib/messages/event_kinds.ts";
import { eventTypes, OTHER_TYPE } from "./discovery/event_types.ts";

/** The forms in which a kind and its severity are written beside each other. */
const FORMS = [
  /kind: "([a-z_]+)",\s*severity: "([a-z]+)"/g,
  /say\(\s*"([a-z_]+)",\s*"(info|notice|warning|danger)"/g,
  /tell\(\s*"[a-z]+",\s*"[A-Z ]+",\s*"([a-z_]+)",\s*"(info|notice|warning|danger)"/g,
  /event\("([a-z_]+)", "(info|notice|warning|danger)"/g,
];
/** Written by a command to try a channel, never into the journal. */
const NO_EVENTS = ["test"];

async function* sources(dir: URL): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const url = new URL(isDirectory ? `${name}/` : name, dir);
    if (isDirectory && name !== "testdata" && name !== "gen") yield* sources(url);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) yield await Deno.readTextFile(url);
  }
}

Deno.test("EVENT_KINDS has every kind and severity that the services write", async () => {
  const found = new Set<string>();
  for await (const text of sources(new URL("./", import.meta.url))) {
    for (const form of FORMS) {
      for (const [, kind = "", severity = ""] of text.matchAll(form)) found.add(`${kind} ${severity}`);
    }
  }
  assert.ok(found.size >= 15, [...found].join());
  const missing = [...found].filter((pair) => {
    const [kind = "", severity = ""] = pair.split(" ");
    return !NO_EVENTS.includes(kind) && !EVENT_KINDS[kind]?.some((one) => one === severity);
  });
  assert.deepEqual(missing, []);
});

Deno.test("EVENT_KINDS has every kind that Home Assistant is shown", () => {
  const shown = (["station", "host", "daemon"] as const).flatMap((kind) => eventTypes(kind));
  assert.deepEqual(shown.filter((kind) => kind !== OTHER_TYPE && !Object.hasOwn(EVENT_KINDS, kind)), []);
});
