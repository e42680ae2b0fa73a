/** Holds the documents to the program: what they link to is there, and what they tell people to type is understood. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { COMMANDS } from "../../commands/table.ts";
import { WARNING_CODES } from "../../services/policy_engine/io/warnings.ts";
import { fencedBlocks } from "../walk/blocks.ts";

const ROOT = join(import.meta.dirname ?? "", "../..");
const read = (path: string) => Deno.readTextFileSync(join(ROOT, path));

/** The documents for people, as paths from the root. */
function documents(): string[] {
  const below = (folder: string): string[] =>
    [...Deno.readDirSync(join(ROOT, folder))].flatMap((one) =>
      one.isDirectory ? below(`${folder}/${one.name}`) : [`${folder}/${one.name}`]
    );
  return ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", ...below("docs")]
    .filter((path) => path.endsWith(".md"));
}

/** The anchor that GitHub gives to a heading. */
const anchorOf = (heading: string) =>
  heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-");

const anchorsOf = (path: string) =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => anchorOf(text));

/** What is wrong with the links of one document. */
function deadLinks(path: string): string[] {
  return [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, to = ""]) => {
    if (/^[a-z]+:/.test(to)) return [];
    const [file = "", anchor] = to.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    try {
      Deno.statSync(join(ROOT, target));
    } catch {
      return [`${path}: ${to}: no such file`];
    }
    const isThere = anchor === undefined || anchorsOf(target).includes(anchor);
    return isThere ? [] : [`${path}: ${to}: no such heading`];
  });
}

/** Each first word behind `start` in code of one document: in fences, those of lists too, at a line's start, and between backticks. */
function typed(path: string, start: RegExp): string[] {
  const text = read(path);
  const fenced = fencedBlocks(text).flatMap((block) => block.text.split("\n"));
  const inline = [...text.replaceAll(/^( *)```.*?^\1```/gms, "").matchAll(/`([^`\n]+)`/g)].map((
    [, code = ""],
  ) => code);
  return [...fenced, ...inline].flatMap((line) => start.exec(line.trim())?.[1] ?? []);
}

Deno.test("documents: every link leads to a file and a heading", () => {
  assert.deepEqual(documents().flatMap(deadLinks), []);
});

Deno.test("documents: every picture is shown by one of them", () => {
  const shown = documents().flatMap((path) =>
    [...read(path).matchAll(/!\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, to = ""]) => join(dirname(path), to))
  );
  const there = [...Deno.readDirSync(join(ROOT, "docs/dashboard"))].map(({ name }) =>
    `docs/dashboard/${name}`
  );
  assert.ok(there.length >= 5);
  assert.deepEqual(there.filter((path) => !shown.includes(path)), []);
});

/** Rows of a document's tables that have another number of cells than the head above them. */
function brokenRows(path: string): string[] {
  let cells = 0;
  return read(path).replaceAll(/^( *)```.*?^\1```/gms, "").split("\n").flatMap((line) => {
    if (!line.trim().startsWith("|")) {
      cells = 0;
      return [];
    }
    const count = line.trim().replaceAll(/`[^`]*`|\\\|/g, "").split("|").length;
    cells ||= count;
    return count === cells ? [] : [`${path}: ${line}`];
  });
}

Deno.test("documents: every row of a table has the cells of its head", () => {
  assert.deepEqual(documents().flatMap(brokenRows), []);
});

Deno.test("documents: how long a boot takes is told in one place", () => {
  const told = documents().filter((path) => path !== "docs/install.md").flatMap((path) =>
    read(path).split(/\n\s*\n/).filter((part) => part.includes("boot:pi") && /\b\d+ (s|min|h)\b/.test(part))
      .map((part) => `${path}: ${part}`)
  );
  assert.deepEqual(told, []);
});

Deno.test("documents: every script that people are told to ask for help answers", async () => {
  const scripts = [...new Set(documents().flatMap((path) => typed(path, /^(scripts\/[a-z]+)\b(?!\/|\.)/)))];
  assert.deepEqual(scripts.toSorted(), ["scripts/deploy", "scripts/flash"]);
  for (const script of scripts) {
    const { code, stdout } = await new Deno.Command(join(ROOT, script), { args: ["--help"] }).output();
    assert.equal(code, 0, script);
    assert.match(new TextDecoder().decode(stdout), /Usage: scripts\//, script);
  }
});

Deno.test("documents: every subcommand and option of ecoflow-agent exists", () => {
  const usage = read("agents/main.ts");
  const found = documents().flatMap((path) =>
    typed(path, /^(?:sudo )?(?:\.\/)?ecoflow-agent ([a-z]+)/).map((name) => ({ path, name }))
  );
  assert.ok(found.length > 10, `found only ${found.length}`);
  assert.deepEqual(found.filter(({ name }) => !new RegExp(`^  ${name} +\\w`, "m").test(usage)), []);
});

Deno.test("documents: every subcommand of ecoflow-power exists", () => {
  const names = COMMANDS.map(({ name }) => name);
  const found = documents().flatMap((path) =>
    typed(path, /^(?:sudo )?ecoflow-power ([a-z]+)/).map((name) => ({ path, name }))
  );
  assert.ok(found.length > 20, `found only ${found.length}`);
  assert.deepEqual(found.filter(({ name }) => !names.includes(name)), []);
});

Deno.test("documents: every task of deno exists", () => {
  const tasks = Object.keys(JSON.parse(read("deno.json")).tasks);
  const found = documents().flatMap((path) =>
    typed(path, /^deno task ([a-z0-9:_-]+)/).map((name) => ({ path, name }))
  );
  assert.ok(found.length > 20, `found only ${found.length}`);
  assert.deepEqual(found.filter(({ name }) => !tasks.includes(name)), []);
});

Deno.test("troubleshooting.md names only events and warnings that the program has", () => {
  const known = read("lib/messages/event_kinds.ts") + WARNING_CODES.map((code) => `${code}:`).join("\n");
  const events = typed("docs/troubleshooting.md", /^([a-z]+_[a-z_]+)$/).filter((name) =>
    name !== "grid_evidence"
  );
  assert.ok(events.length > 6);
  assert.deepEqual(events.filter((name) => !new RegExp(`\\b${name}:`).test(known)), []);
});
