// deno-lint-ignore-file no-console -- a command-line tool speaks on the console
/**
 * `deno task gen:proto`: protocol facts -> `proto/ecoflow/*.proto` -> `proto/gen/*.json`, and model tables ->
 * `docs/devices.md`.
 *
 * What needs `../shared/protocol` is skipped, with a line, where that is absent. `--check` writes nothing and ends with exit code 1 when a file differs from what would be written.
 */
import { compileDescriptor, descriptorText } from "../../proto/compile_descriptor.ts";
import { errorText } from "../../lib/errors.ts";
import { withAdditions } from "./proto/additions.ts";
import { parseFacts } from "./proto/facts.ts";
import { devicesPage, tag27Section, tag27SectionOf } from "./proto/devices_page.ts";
import { protoText } from "./proto/proto_text.ts";
import { readTag27Rows } from "./proto/tag27_rows.ts";
import { MODELS } from "../../services/soc_bridge/models/models.ts";

const ROOT = new URL("../../", import.meta.url);
const FACTS = new URL("../shared/protocol/messages.json", ROOT);
const PROTO = new URL("proto/ecoflow/", ROOT);
const GEN = new URL("proto/gen/", ROOT);
const CAPTURES = new URL("../shared/protocol/captures/", ROOT);
const DEVICES = new URL("docs/devices.md", ROOT);

/** Files by URL that should be as given here. */
type Wanted = Map<string, string>;

function readIfThere(url: URL): string | undefined {
  try {
    return Deno.readTextFileSync(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function wantedProtos(say: (line: string) => void): Wanted | undefined {
  const text = readIfThere(FACTS);
  if (text === undefined) {
    say("../shared/protocol/messages.json is absent: proto/ecoflow is taken as it is");
    return undefined;
  }
  const facts = withAdditions(parseFacts(text, "../shared/protocol/messages.json"));
  return new Map(
    Object.entries(facts.families).map((
      [family, f],
    ) => [new URL(`${family}.proto`, PROTO).href, protoText(family, f)]),
  );
}

function presentProtos(): Wanted {
  const names = [...Deno.readDirSync(PROTO)].map((entry) => entry.name).filter((n) => n.endsWith(".proto"))
    .sort();
  return new Map(names.map((name) => {
    const url = new URL(name, PROTO);
    return [url.href, Deno.readTextFileSync(url)];
  }));
}

async function wantedDevices(say: (line: string) => void): Promise<string> {
  const before = readIfThere(DEVICES) ?? "";
  let names: string[] = [];
  try {
    names = [...Deno.readDirSync(CAPTURES)].map((e) => e.name).filter((n) => n.endsWith(".json")).sort();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    say("../shared/protocol/captures is absent: the section on tag 27 is taken as it is");
    return devicesPage(MODELS, tag27SectionOf(before) ?? "");
  }
  const files = names.map((name) => ({ name, text: Deno.readTextFileSync(new URL(name, CAPTURES)) }));
  return devicesPage(MODELS, tag27Section(await readTag27Rows(files)));
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => arg !== "--check");
  if (unknown.length > 0) {
    console.error(
      `Cannot generate: known option is --check, found ${unknown.map((a) => `"${a}"`).join(", ")}`,
    );
    return 2;
  }
  const check = args.includes("--check");
  const fromFacts = wantedProtos(console.log);
  const protos = fromFacts ?? presentProtos();
  const wanted: Wanted = new Map(fromFacts ?? []);
  for (const [href, text] of protos) {
    const family = new URL(href).pathname.replace(/^.*\//, "").replace(/\.proto$/, "");
    try {
      wanted.set(new URL(`${family}.json`, GEN).href, descriptorText(compileDescriptor(text, family)));
    } catch (error) {
      console.error(`Cannot compile proto/ecoflow/${family}.proto: ${errorText(error)}`);
      return 1;
    }
  }
  wanted.set(DEVICES.href, await wantedDevices(console.log));
  return check ? reportDrift(wanted) : writeAll(wanted);
}

function reportDrift(wanted: Wanted): number {
  const drifted = [...wanted].filter(([href, text]) => readIfThere(new URL(href)) !== text)
    .map(([href]) => href.slice(ROOT.href.length));
  for (const dir of [PROTO, GEN]) {
    for (const entry of Deno.readDirSync(dir)) {
      const { href } = new URL(entry.name, dir);
      if (!wanted.has(href) && (dir === GEN || [...wanted.keys()].some((k) => k.startsWith(PROTO.href)))) {
        drifted.push(`${href.slice(ROOT.href.length)} (nothing generates it)`);
      }
    }
  }
  for (const path of drifted) console.error(`Differs from what "deno task gen:proto" writes: ${path}`);
  if (drifted.length === 0) console.log(`${wanted.size} generated files are as they should be`);
  return drifted.length === 0 ? 0 : 1;
}

function writeAll(wanted: Wanted): number {
  for (const dir of [PROTO, GEN]) Deno.mkdirSync(dir, { recursive: true });
  let changed = 0;
  for (const [href, text] of wanted) {
    if (readIfThere(new URL(href)) === text) continue;
    Deno.writeTextFileSync(new URL(href), text);
    changed++;
  }
  console.log(`${wanted.size} files, ${changed} changed`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
