/**
 * A lint rule: no plain object is indexed with a name that may come from outside. Every object answers to `constructor` and
 * `toString`, so a host of that name would be found where there is none. `lib/own.ts`, a `Map` or a `switch` do it right.
 *
 * The rule knows no types. It lets pass what is seen to be a number, a literal, or a table of this file's own whose keys are
 * fixed: the compiler refuses any text as a key of such a table.
 */

const MESSAGE = "A plain object must not be indexed with a name: it answers to `constructor` too";
const HINT = "Use own() or put() of lib/own.ts, a Map, or Object.hasOwn()";
/** Names that this project gives to places in lists. */
const PLACES = new Set(["i", "j", "index", "at", "slot"]);
/** Makers' tools, tests, and the schemas, whose names are our own. */
const FREE = /(_test\.ts$|\/testdata\/|^scripts\/|\/scripts\/|(^|\/)proto\/|lib\/own\.ts$|lib\/testing\.ts$)/;

type Node = Deno.lint.Node;

/** Whether an expression is seen to be a number, a fixed text or a symbol. */
function isPlace(node: Node): boolean {
  switch (node.type) {
    case "Literal":
    case "UpdateExpression":
      return true;
    case "Identifier":
      return PLACES.has(node.name);
    case "UnaryExpression":
      return node.operator === "-" || node.operator === "+";
    case "BinaryExpression":
      return node.operator === "+"
        ? isPlace(node.left) && isPlace(node.right)
        : "-*/%".includes(node.operator);
    case "CallExpression":
      if (node.callee.type === "Identifier") return node.callee.name === "Number";
      return node.callee.type === "MemberExpression" && node.callee.property.type === "Identifier" &&
        ["indexOf", "findIndex"].includes(node.callee.property.name);
    case "MemberExpression":
      return (node.object.type === "Identifier" && node.object.name === "Symbol") ||
        (node.property.type === "Identifier" && ["length", "index"].includes(node.property.name));
    default:
      return false;
  }
}

/** The tables of a file that only take fixed keys: constants in capitals without an index signature. */
function fixedTables(program: Deno.lint.Program, textOf: (node: Node) => string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of program.body) {
    const declared = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declared?.type !== "VariableDeclaration") continue;
    for (const { id } of declared.declarations) {
      if (id.type !== "Identifier" || !/^[A-Z][A-Z0-9_]*$/.test(id.name)) continue;
      const type = id.typeAnnotation ? textOf(id.typeAnnotation) : "";
      if (!/Record<\s*string|\[\w+:\s*string\]/.test(type)) names.add(id.name);
    }
  }
  return names;
}

const plugin: Deno.lint.Plugin = {
  name: "names",
  rules: {
    own: {
      create(context) {
        if (FREE.test(context.filename)) return {};
        const textOf = (node: Node) => context.sourceCode.getText(node);
        const fixed = fixedTables(context.sourceCode.ast, textOf);
        const report = (node: Node) => context.report({ node, message: MESSAGE, hint: HINT });
        return {
          MemberExpression(node) {
            if (!node.computed || isPlace(node.property)) return;
            const { object, property } = node;
            const isPlainKey = property.type === "Identifier" || property.type === "MemberExpression";
            if (object.type === "Identifier" && fixed.has(object.name) && isPlainKey) return;
            report(node);
          },
          BinaryExpression(node) {
            const isOurs = node.left.type === "Literal" || node.left.type === "PrivateIdentifier";
            if (node.operator === "in" && !isOurs) report(node);
          },
        };
      },
    },
  },
};
export default plugin;
