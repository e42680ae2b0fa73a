/** Makes mutants of a source file: small changes of its rules that some test should notice. Pure. */
import ts from "typescript";

/** One change of one file. */
export interface Mutant {
  /** Its place and change in one line; the same as long as the line of code is the same. */
  readonly id: string;
  readonly line: number;
  /** The whole text of the file with the change. */
  readonly text: string;
}

interface Change {
  /** What is shown as changed. */
  readonly node: ts.Node;
  readonly replacement: string;
}

interface Site extends Change {
  readonly id: string;
  readonly line: number;
}

const SWAPS = new Map<ts.SyntaxKind, string>([
  [ts.SyntaxKind.LessThanToken, "<="],
  [ts.SyntaxKind.LessThanEqualsToken, "<"],
  [ts.SyntaxKind.GreaterThanToken, ">="],
  [ts.SyntaxKind.GreaterThanEqualsToken, ">"],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [ts.SyntaxKind.AmpersandAmpersandToken, "||"],
  [ts.SyntaxKind.BarBarToken, "&&"],
  [ts.SyntaxKind.MinusToken, "+"],
  [ts.SyntaxKind.AsteriskToken, "/"],
  [ts.SyntaxKind.SlashToken, "*"],
]);

const CALLS = new Map([["some", "every"], ["every", "some"], ["min", "max"], ["max", "min"]]);

/** Every mutant of a file, in the order of its lines. */
export function mutantsOf(file: string, text: string): readonly Mutant[] {
  const source = parse(file, text);
  return sitesIn(source, file).map(({ id, line, node, replacement }) => ({
    id,
    line,
    text: text.slice(0, node.getStart(source)) + replacement + text.slice(node.end),
  }));
}

/**
 * All mutants of a file in one text: each place asks `globalThis.isMutant?.(number)` whether its change holds now, so
 * that one process can try them all. Without that function the text does what the file does.
 *
 * @param first number of the first mutant; the others count on, in the order of `mutantsOf`
 */
export function allMutantsIn(file: string, text: string, first: number): string {
  const source = parse(file, text);
  const edits: Edit[] = [];
  sitesIn(source, file).forEach((site, index) => edits.push(...switchAt(site, first + index, text, source)));
  return applied(edits, text);
}

interface Edit {
  readonly at: number;
  /** Up to where the text falls away; the same place for an insertion. */
  readonly until: number;
  readonly text: string;
  /** What closes an inner place stands before what opens the next. */
  readonly closes: boolean;
}

function switchAt({ node, replacement }: Site, number: number, text: string, source: ts.SourceFile): Edit[] {
  const ask = `globalThis.isMutant?.(${number})`;
  const insert = (at: number, inserted: string, closes = false): Edit => ({
    at,
    until: at,
    text: inserted,
    closes,
  });
  if (ts.isExpressionStatement(node)) {
    // In braces: an "else" that follows must stay with the "if" before.
    return [insert(node.getStart(source), `{ if (!${ask}) `), insert(node.end, " }", true)];
  }
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    const dot = parent.questionDotToken ? "?." : "";
    const name = `${dot}[${ask} ? "${replacement}" : "${node.getText(source)}"]`;
    return [{ at: parent.expression.end, until: node.end, text: name, closes: false }];
  }
  const isOperator = ts.isBinaryExpression(parent) && parent.operatorToken === node;
  const whole = isOperator ? parent : node;
  const [start, end] = [whole.getStart(source), whole.end];
  const changed = isOperator
    ? text.slice(start, node.getStart(source)) + replacement + text.slice(node.end, end)
    : replacement;
  return [insert(start, `(${ask} ? (${changed}) : `), insert(end, ")", true)];
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

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

function sitesIn(source: ts.SourceFile, file: string): Site[] {
  const lines = source.text.split("\n");
  const found: Site[] = [];
  const seen = new Map<string, number>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node) || ts.isInterfaceDeclaration(node)) return;
    for (const { node: at, replacement } of changesAt(node)) {
      const { line } = source.getLineAndCharacterOfPosition(at.getStart(source));
      const before = at.getText(source);
      const place = `${file} «${(lines[line] ?? "").trim()}» ${short(before)} -> ${short(replacement)}`;
      const count = (seen.get(place) ?? 0) + 1;
      seen.set(place, count);
      found.push({ id: count === 1 ? place : `${place} (${count})`, line: line + 1, node: at, replacement });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function changesAt(node: ts.Node): Change[] {
  if (ts.isBinaryExpression(node)) {
    const { operatorToken: token, left } = node;
    if (token.kind === ts.SyntaxKind.QuestionQuestionToken) {
      return [{ node, replacement: `(${left.getText()})!` }];
    }
    const swapped = SWAPS.get(token.kind);
    return swapped === undefined ? [] : [{ node: token, replacement: swapped }];
  }
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    return [{ node, replacement: node.operand.getText() }];
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [{ node, replacement: "false" }];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [{ node, replacement: "true" }];
  if (ts.isNumericLiteral(node) && !isKey(node)) {
    return [{ node, replacement: String(Number(node.text) + 1) }];
  }
  if (ts.isIfStatement(node)) {
    return ["true", "false"].map((replacement) => ({ node: node.expression, replacement }));
  }
  if (ts.isConditionalExpression(node)) {
    return ["true", "false"].map((replacement) => ({ node: node.condition, replacement }));
  }
  if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) {
    return [{ node, replacement: ";" }];
  }
  if (ts.isPropertyAccessExpression(node) && node.parent && ts.isCallExpression(node.parent)) {
    const other = CALLS.get(node.name.text);
    return other === undefined ? [] : [{ node: node.name, replacement: other }];
  }
  return [];
}

/** The name of a property, such as 3 in `{ 3: "off" }`: no value of a rule. */
function isKey(node: ts.NumericLiteral): boolean {
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 50 ? `${line.slice(0, 47)}...` : line;
}
