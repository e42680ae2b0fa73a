/** Reads a policy file's TOML text and reports all problems at once. Pure. */
import { shownKind } from "../../../lib/config/secret_free.ts";
import { parse as parseToml, TomlError } from "smol-toml";
import * as v from "valibot";
import { ConfigError } from "../../../lib/errors.ts";
import { policyFileProblems } from "./policy_file_checks.ts";
import { type FileProblem, type PolicyFile, policyFileSchema } from "./policy_file_schema.ts";
import type { SimpleLimits } from "./simple_rules.ts";
import { type FindLine, lineFinder, type PathStep } from "../../../lib/text/toml_lines.ts";
import { own } from "../../../lib/own.ts";

/**
 * Reads a policy file.
 *
 * @param source Named in the problems, for example `POLICY_FILE "policy.toml"`
 * @param limits The configuration beside it: which hosts and stations there are, and the limits that the file builds on
 * @throws ConfigError with every problem found, each with its line
 */
export function parsePolicyFile(text: string, source: string, limits: SimpleLimits): PolicyFile {
  let value: unknown;
  try {
    value = parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "");
    throw new ConfigError([`${source} line ${error.line}: must be TOML: ${reason}`]);
  }
  const { file, issues } = readForm(value);
  const problems = [
    ...issues,
    ...policyFileProblems(file, limits).filter((problem) => !isAftermath(problem, issues)),
  ];
  if (problems.length > 0) throw new ConfigError(inOrder(problems, source, lineFinder(text)));
  return file;
}

/** Finds all that has not the right form, and takes it out, so that the rest can still be checked. */
function readForm(value: unknown): { readonly file: PolicyFile; readonly issues: readonly FileProblem[] } {
  const rest = structuredClone(value) as object;
  const issues = formProblems(rest);
  for (;;) {
    const result = v.safeParse(policyFileSchema, rest);
    if (result.success) return { file: result.output, issues };
    // The last first: entries of lists keep their places until they are looked at.
    for (const issue of result.issues.toReversed()) takeOut(rest, pathOf(issue));
  }
}

/** Deletes wrong keys until no other is found: a table tells one unknown key at a time. Entries of lists keep their places. */
function formProblems(root: object): readonly FileProblem[] {
  const found = new Map<string, FileProblem>();
  for (;;) {
    const { issues = [] } = v.safeParse(policyFileSchema, root);
    // What was deleted, and is needed, is missing now: that is no second mistake.
    const fresh = issues.map(fromIssue).filter(({ path }) => !found.has(JSON.stringify(path)));
    if (fresh.length === 0) return [...found.values()];
    for (const problem of fresh) {
      found.set(JSON.stringify(problem.path), problem);
      const last = stepsTo(root, problem.path).at(-1);
      if (last && !Array.isArray(last[0])) Reflect.deleteProperty(...last);
    }
  }
}

/** A key that is missing takes its whole table with it. */
function takeOut(root: object, path: readonly PathStep[]): void {
  const last = stepsTo(root, path).findLast(([table, step]) => Object.hasOwn(table, step));
  if (!last) return;
  const [table, step] = last;
  if (Array.isArray(table)) table.splice(Number(step), 1);
  else Reflect.deleteProperty(table, step);
}

/** Each step of a path with the table or list in which it is taken, as far as there are any. */
function stepsTo(root: object, path: readonly PathStep[]): readonly (readonly [object, PathStep])[] {
  const steps: [object, PathStep][] = [];
  let parent = root as Record<PathStep, unknown>;
  for (const step of path) {
    steps.push([parent, step]);
    const next = own(parent, step);
    if (next === null || typeof next !== "object") break;
    parent = next as Record<PathStep, unknown>;
  }
  return steps;
}

/** A witness, or a station's list of stages, that was cut short may be wrong for that reason alone. */
function isAftermath({ path }: FileProblem, issues: readonly FileProblem[]): boolean {
  return issues.some((issue) =>
    issue.path[0] === path[0] &&
    (path[0] === "witness" ||
      (path[0] === "station" && issue.path[1] === path[1] && issue.path[2] === "stage"))
  );
}

function inOrder(problems: readonly FileProblem[], source: string, findLine: FindLine): string[] {
  return problems.map(({ path, text }) => ({ line: findLine(path), text: `${pathText(path)} ${text}` }))
    .sort((a, b) => a.line - b.line)
    .map(({ line, text }) => `${source} line ${line}: ${text}`);
}

function pathText(path: readonly PathStep[]): string {
  return path.map((step) => typeof step === "number" ? `[${step + 1}]` : `.${step}`).join("").slice(1);
}

function fromIssue(issue: v.BaseIssue<unknown>): FileProblem {
  const path = pathOf(issue);
  if (issue.type === "strict_object" && issue.expected === "never") {
    return { path, text: "is not a key of a policy file" };
  }
  if (issue.input === undefined) return { path, text: "must be given" };
  // Beside a user somebody puts the password, too.
  const isBesideUser = path[0] === "station" && path[2] === "nut";
  const seen = isBesideUser ? shownKind(issue.input) : JSON.stringify(issue.input)?.slice(0, 60);
  const wanted = issue.kind === "schema" ? `must be ${issue.expected}` : issue.message;
  return { path, text: `${wanted}, found ${seen}` };
}

function pathOf(issue: v.BaseIssue<unknown>): readonly PathStep[] {
  return (issue.path ?? []).map(({ key }) => key as PathStep);
}
