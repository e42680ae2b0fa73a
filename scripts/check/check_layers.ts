/**
 * Checks who imports whom, that no imports run in a circle or up a floor, that files which say "pure" are, and that the
 * product stands without the facts beside its repository. Each finding names the line to look at and the reason.
 *
 * Run: deno run --allow-read scripts/check/check_layers.ts
 */
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { crowdedFolders, MOST_FILES } from "./layers/crowded.ts";
import { circlesIn } from "./layers/circles.ts";
import { impureLines } from "./layers/pure_files.ts";
import { roomProblem } from "./layers/rooms.ts";

/** One import statement of a source file. */
export interface ImportLine {
  /** The importing file, from the project's root. */
  readonly file: string;
  readonly line: number;
  /** A path from the project's root, or a bare specifier. */
  readonly target: string;
}

interface Rule {
  readonly reason: string;
  readonly forbids: (from: string, target: string) => boolean;
}

const isTest = (file: string) => /_test\.ts$|(^|\/)testdata\//.test(file);
const room = (path: string) => path.split("/")[0] ?? "";
const serviceOf = (path: string) => /^services\/([^/]+)\//.exec(path)?.[1];
const ROOMS = ["lib", "proto", "services", "agents", "commands", "scripts", "main.ts"];
const isBare = (target: string) => !ROOMS.includes(room(target));

const RULES: readonly Rule[] = [
  {
    reason: "lib knows no service, so that every part can be built on it",
    forbids: (from, target) => room(from) === "lib" && !isBare(target) && room(target) !== "lib",
  },
  {
    reason: "proto is EcoFlow's protocol and nothing else; it knows lib/errors.ts only",
    forbids: (from, target) =>
      room(from) === "proto" && !isBare(target) && room(target) !== "proto" && target !== "lib/errors.ts",
  },
  {
    reason: "services talk over MQTT only, so that any of them can be watched and replaced",
    forbids: (from, target) => {
      const [own, other] = [serviceOf(from), serviceOf(target)];
      return own !== undefined && other !== undefined && own !== other;
    },
  },
  {
    reason: "a service is started by its worker, not by knowing the map or the process",
    forbids: (from, target) =>
      serviceOf(from) !== undefined && (target === "services/registry.ts" || target === "main.ts"),
  },
  {
    reason: "commands are the last floor below main.ts; nothing rests on them",
    forbids: (from, target) =>
      room(target) === "commands" && !["commands", "main.ts", "main_test.ts", "scripts"].includes(room(from)),
  },
  {
    reason: "an agent is a program of its own and knows lib only",
    forbids: (from, target) =>
      room(from) === "agents" && !isBare(target) && !["agents", "lib"].includes(room(target)),
  },
  {
    reason: "the product does not depend on the tools of its makers",
    forbids: (from, target) => room(from) !== "scripts" && room(target) === "scripts",
  },
  {
    reason: "npm:mqtt is used in one file, so that it can be replaced",
    forbids: (from, target) => /^(npm:)?mqtt(@|$)/.test(target) && from !== "lib/mqtt/npm_client.ts",
  },
  {
    reason: "npm:mqtt-packet is named where its memory is spared, and nowhere else",
    forbids: (from, target) => /^(npm:)?mqtt-packet(@|$)/.test(target) && from !== "lib/mqtt/lean_packets.ts",
  },
  {
    reason: "protobufjs is used under proto only, so that schemas stay the one truth",
    forbids: (from, target) =>
      /^(npm:)?protobufjs/.test(target) && room(from) !== "proto" && !from.startsWith("scripts/gen/proto") &&
      !from.startsWith("scripts/bench"),
  },
  {
    reason: "JSR cannot be reached where this is built",
    forbids: (_from, target) => target.startsWith("jsr:") || target.startsWith("@std/"),
  },
];

/** The rules that an import breaks, as sentences. Tests of services and agents, and those of scripts, may look wider. */
export function brokenRules({ file, target }: ImportLine): string[] {
  const relaxed = isTest(file);
  return RULES
    .filter((rule) => rule.forbids(file, target))
    .filter(() =>
      !(relaxed &&
        (target.startsWith("lib/testdata/") || room(target) === "scripts" || room(file) === "services" ||
          room(file) === "agents"))
    )
    .map((rule) => rule.reason);
}

/** All imports, static, dynamic and re-exports, of one file's text. */
export function importsOf(file: string, text: string): ImportLine[] {
  const found: ImportLine[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (/^\s*(\/\/|\*|\/\*)/.test(line)) continue;
    for (const match of line.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)"([^"]+)"/g)) {
      const specifier = match[1] ?? "";
      const target = specifier.startsWith(".") ? join(dirname(file), specifier) : specifier;
      found.push({ file, line: index + 1, target });
    }
  }
  return found;
}

/** Makers' tools may read the facts beside the repository; the product and its comments must do without. */
function outsideFacts(file: string, text: string): string[] {
  if (isTest(file) || room(file) === "scripts") return [];
  return text.split("\n").flatMap((line, index) =>
    line.includes("../shared") ? [`${file}:${index + 1} names ../shared, which no user has`] : []
  );
}

/** `deno bundle --minify` puts such a value where it is used, and never lets go of it. */
function lostInBundle(file: string, text: string): string[] {
  if (isTest(file) || room(file) === "scripts") return [];
  return text.split("\n").flatMap((line, index) =>
    /^\s*(?:await\s+)?using\s+\w+\s*=/.test(line)
      ? [`${file}:${index + 1} has "using", which is lost when the bundle is minified: release in "finally"`]
      : []
  );
}

/** Every finding in these texts, by path from the project's root, each as a line. */
export function findings(files: ReadonlyMap<string, string>): string[] {
  const imports = [...files].map(([file, text]) => ({ file, lines: importsOf(file, text) }));
  const product = imports.filter(({ file }) => !isTest(file));
  const graph = new Map(product.map(({ file, lines }) => [file, lines.map(({ target }) => target)]));
  const forbidden = ({ file, line, target }: ImportLine) => (reason: string) =>
    `${file}:${line} must not import "${target}": ${reason}`;
  return [
    ...imports.flatMap(({ lines }) => lines).flatMap((line) => brokenRules(line).map(forbidden(line))),
    ...product.flatMap(({ lines }) => lines).flatMap((line) => {
      const problem = roomProblem(line.file, line.target);
      return problem === undefined ? [] : [forbidden(line)(problem)];
    }),
    ...circlesIn(graph).map((circle) => `a circle of imports: ${circle.join(", ")}`),
    ...[...files].flatMap(([file, text]) => lostInBundle(file, text)),
    ...[...files].flatMap(([file, text]) =>
      impureLines(text).map(({ line, what }) =>
        `${file}:${line} uses ${what}, but the file says that it is pure`
      )
    ),
    ...[...files].flatMap(([file, text]) => outsideFacts(file, text)),
    ...crowdedFolders(files.keys()).map(({ folder, files }) =>
      `${folder} holds ${files} files side by side, more than ${MOST_FILES}: move the wall`
    ),
  ];
}

if (import.meta.main) {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const files = new Map(
    [...sourceFiles(root)].map((path) => [relative(root, path), Deno.readTextFileSync(path)]),
  );
  const found = findings(files);
  // deno-lint-ignore no-console
  for (const line of found) console.error(line);
  // deno-lint-ignore no-console
  console.log(`import rules: ${files.size} files, ${found.length} findings`);
  Deno.exit(found.length > 0 ? 1 : 0);
}

function* sourceFiles(dir: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(dir)) {
    if (name.startsWith(".") || ["node_modules", "build", "gen", "state"].includes(name)) continue;
    const path = join(dir, name);
    if (isDirectory) yield* sourceFiles(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
