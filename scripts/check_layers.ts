/**
 * Checks who imports whom. Each rule has its reason; a file that breaks one is named with the line to look at.
 *
 * Run: deno run --allow-read scripts/check_layers.ts
 */
import { dirname, join, relative } from "node:path";

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
      /^(npm:)?protobufjs/.test(target) && room(from) !== "proto" && !from.startsWith("scripts/gen_proto") &&
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
      !(relaxed && (room(target) === "scripts" || room(file) === "services" || room(file) === "agents"))
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

if (import.meta.main) {
  const root = new URL("..", import.meta.url).pathname;
  const lines = [...sourceFiles(root)].flatMap((path) =>
    importsOf(relative(root, path), Deno.readTextFileSync(path))
  );
  const broken = lines.flatMap((line) => brokenRules(line).map((reason) => ({ line, reason })));
  for (const { line, reason } of broken) {
    // deno-lint-ignore no-console
    console.error(`${line.file}:${line.line} must not import "${line.target}": ${reason}`);
  }
  // deno-lint-ignore no-console
  console.log(`import rules: ${lines.length} imports, ${broken.length} forbidden`);
  Deno.exit(broken.length > 0 ? 1 : 0);
}

function* sourceFiles(dir: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(dir)) {
    if (name.startsWith(".") || ["node_modules", "build", "gen", "state"].includes(name)) continue;
    const path = join(dir, name);
    if (isDirectory) yield* sourceFiles(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
