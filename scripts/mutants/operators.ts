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

/** A place in the code that a mutant changes. */
export interface Site extends Change {
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

/** The tree of a file. */
export function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}

/** The places of all mutants, in the order of the lines. */
export function sitesIn(source: ts.SourceFile, file: string): Site[] {
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
