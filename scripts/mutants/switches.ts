/** Puts all mutants of a file into one text, each behind a switch that a run turns. Pure. */
import ts from "typescript";
import { parse, type Site, sitesIn } from "./operators.ts";

/**
 * Stands at the end of the text. A place says by `globalThis.sawMutant` that its mutant would have made a difference there: a
 * test during which none of them did so cannot notice that mutant. Without the two functions the text does what the file does.
 */
const HELPERS = `
function $is(n) { return globalThis.isMutant?.(n); }
function $saw(n) { globalThis.sawMutant?.(n); return globalThis.isMutant?.(n); }
function $same(n, value, other) { if (!Object.is(value, other)) globalThis.sawMutant?.(n); return value; }
function $lazy(n, other, run) {
  try { return $same(n, run(), other); } catch (error) { globalThis.sawMutant?.(n); throw error; }
}
function $when(n, other, run) {
  try { const is = run(); $same(n, Boolean(is), other); return is; }
  catch (error) { globalThis.sawMutant?.(n); throw error; }
}
function $and(n, mayPeek, a, run) { return a ? $lazy(n, a, run) : $unseen(n, mayPeek, a, run); }
function $or(n, mayPeek, a, run) { return a ? $unseen(n, mayPeek, a, run) : $lazy(n, a, run); }
function $unseen(n, mayPeek, a, run) {
  try { if (!mayPeek || !Object.is(a, run())) globalThis.sawMutant?.(n); } catch { globalThis.sawMutant?.(n); }
  return a;
}
function $less(n, a, b) { return $same(n, a < b, a <= b); }
function $atMost(n, a, b) { return $same(n, a <= b, a < b); }
function $more(n, a, b) { return $same(n, a > b, a >= b); }
function $atLeast(n, a, b) { return $same(n, a >= b, a > b); }
function $minus(n, a, b) { return $same(n, a - b, a + b); }
function $times(n, a, b) { return $same(n, a * b, a / b); }
function $over(n, a, b) { return $same(n, a / b, a * b); }
`;

/** The helper that computes an operator, and sees whether the mutant's differs. */
const BOTH = new Map<ts.SyntaxKind, string>([
  [ts.SyntaxKind.LessThanToken, "$less"],
  [ts.SyntaxKind.LessThanEqualsToken, "$atMost"],
  [ts.SyntaxKind.GreaterThanToken, "$more"],
  [ts.SyntaxKind.GreaterThanEqualsToken, "$atLeast"],
  [ts.SyntaxKind.MinusToken, "$minus"],
  [ts.SyntaxKind.AsteriskToken, "$times"],
  [ts.SyntaxKind.SlashToken, "$over"],
]);
/** The same, where the right side is not always looked at. */
const LAZY = new Map<ts.SyntaxKind, string>([
  [ts.SyntaxKind.AmpersandAmpersandToken, "$and"],
  [ts.SyntaxKind.BarBarToken, "$or"],
]);
/** What is called so asks, and changes nothing. */
const QUERY =
  /^((is|has)[A-Z]\w*|has|get|some|every|find|filter|map|flatMap|includes|startsWith|endsWith|test|at|keys|values|entries|parse|abs|min|max|round|floor|ceil)$/;

/**
 * All mutants of a file in one text: each place asks `globalThis.isMutant?.(number)` whether its change holds now, so
 * that one process can try them all.
 *
 * @param first number of the first mutant; the others count on, in the order of `mutantsOf`
 */
export function allMutantsIn(file: string, text: string, first: number): string {
  const source = parse(file, text);
  const edits: Edit[] = [];
  sitesIn(source, file).forEach((site, index) => edits.push(...switchAt(site, first + index, text, source)));
  return applied(edits, text) + HELPERS;
}

interface Edit {
  readonly at: number;
  /** Up to where the text falls away; the same place for an insertion. */
  readonly until: number;
  readonly text: string;
  /** What closes an inner place stands before what opens the next. */
  readonly closes: boolean;
}

const insert = (at: number, inserted: string, closes = false): Edit => ({
  at,
  until: at,
  text: inserted,
  closes,
});

function switchAt({ node, replacement }: Site, number: number, text: string, source: ts.SourceFile): Edit[] {
  const saw = `$saw(${number})`;
  const start = node.getStart(source);
  const around = (from: ts.Node, opens: string, closes: string): Edit[] => [
    insert(from.getStart(source), opens),
    insert(from.end, closes, true),
  ];
  if (ts.isExpressionStatement(node)) {
    // In braces: an "else" that follows must stay with the "if" before.
    return around(node, `{ if (!${saw}) `, " }");
  }
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    const dot = parent.questionDotToken ? "?." : "";
    const name = `${dot}[${saw} ? "${replacement}" : "${node.getText(source)}"]`;
    return [{ at: parent.expression.end, until: node.end, text: name, closes: false }];
  }
  if (ts.isBinaryExpression(parent) && parent.operatorToken === node) {
    const changed = text.slice(parent.getStart(source), start) + replacement +
      text.slice(node.end, parent.end);
    const both = BOTH.get(node.kind);
    const lazy = both === undefined && isQuery(parent.right) ? LAZY.get(node.kind) : undefined;
    const helper = both ?? lazy;
    if (helper === undefined) return around(parent, `(${saw} ? (${changed}) : `, ")");
    const comma = { at: start, until: node.end, text: lazy ? ", () => (" : ", ", closes: false };
    // What calls may call itself: it is not tried where the file would not call it.
    const mayPeek = lazy ? `${!hasCall(parent.right)}, ` : "";
    const opens = `($is(${number}) ? (${changed}) : ${helper}(${number}, ${mayPeek}`;
    return [...around(parent, opens, lazy ? ")))" : "))"), comma];
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
    return [
      ...around(node, `($is(${number}) ? (${replacement}) : (`, "))"),
      ...around(node.right, `(${saw}, `, ")"),
    ];
  }
  if (isCondition(node) && (replacement === "true" || replacement === "false") && isQuery(node)) {
    const opens = `($is(${number}) ? (${replacement}) : $when(${number}, ${replacement}, () => (`;
    return around(node, opens, ")))");
  }
  return around(node, `(${saw} ? (${replacement}) : `, ")");
}

function isCondition(node: ts.Node): boolean {
  const { parent } = node;
  return (ts.isIfStatement(parent) && parent.expression === node) ||
    (ts.isConditionalExpression(parent) && parent.condition === node);
}

/** Whether it does nothing but ask: then it does not matter whether, and how often, it is computed. */
function isQuery(node: ts.Node): boolean {
  if (ts.isCallExpression(node)) {
    const called = node.expression;
    const name = ts.isPropertyAccessExpression(called) ? called.name : called;
    if (!ts.isIdentifier(name) || !QUERY.test(name.text)) return false;
  }
  const changes = ts.isNewExpression(node) || ts.isAwaitExpression(node) || ts.isYieldExpression(node) ||
    ts.isDeleteExpression(node) || ts.isTaggedTemplateExpression(node) || ts.isPostfixUnaryExpression(node) ||
    (ts.isPrefixUnaryExpression(node) &&
      (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)) ||
    (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind));
  return !changes && ts.forEachChild(node, (child) => isQuery(child) ? undefined : true) === undefined;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function hasCall(node: ts.Node): boolean {
  return ts.isCallExpression(node) || ts.forEachChild(node, (child) => hasCall(child) || undefined) === true;
}

function applied(edits: readonly Edit[], text: string): string {
  const inOrder = edits.toSorted((a, b) => a.at - b.at || Number(b.closes) - Number(a.closes));
  let [done, made] = [0, ""];
  for (const edit of inOrder) {
    made += text.slice(done, edit.at) + edit.text;
    done = edit.until;
  }
  return made + text.slice(done);
}
