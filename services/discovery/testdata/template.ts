/**
 * Renders the few forms of Jinja that our templates use, with the words that Home Assistant makes of the results. What
 * is not among these forms is an error, so that a template which it cannot judge fails its test.
 */

/** Nothing there: what an absent variable or attribute is. */
const UNDEFINED = Symbol("undefined");

type Value = unknown;
type Variables = Readonly<Record<string, unknown>>;
type Node = (variables: Variables) => Value;

/** Renders one `{{ … }}`. @throws SyntaxError for other forms, TypeError where Jinja would fail */
export function renderTemplate(template: string, variables: Variables): string {
  const match = /^\{\{ (.*) \}\}$/s.exec(template);
  if (!match) throw new SyntaxError(`not one expression: ${template}`);
  return text(new Parser(match[1] ?? "").whole()(variables));
}

/** As Python prints it. */
function text(value: Value): string {
  if (value === UNDEFINED) return "";
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new TypeError(`not a value to be shown: ${JSON.stringify(value)}`);
}

function isTrue(value: Value): boolean {
  if (value === UNDEFINED || value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object") return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Python's: True equals 1, and an undefined equals nothing that is defined. */
function isEqual(a: Value, b: Value): boolean {
  const plain = (value: Value) => typeof value === "boolean" ? Number(value) : value;
  return plain(a) === plain(b);
}

function attribute(value: Value, name: string): Value {
  if (value === UNDEFINED) throw new TypeError(`'undefined' has no attribute '${name}'`);
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) return UNDEFINED;
  return (value as Record<string, unknown>)[name];
}

const FILTERS: Readonly<Record<string, (value: Value, args: readonly Value[]) => Value>> = {
  default: (value, [otherwise, alsoFalse]) =>
    value === UNDEFINED || (alsoFalse === true && !isTrue(value)) ? otherwise : value,
  first: (value) => (list(value)[0] ?? UNDEFINED),
  selectattr: (value, [name, test, wanted]) => {
    if (test !== "eq") throw new SyntaxError(`no test "${test}"`);
    return list(value).filter((one) => isEqual(attribute(one, String(name)), wanted));
  },
};

function number(value: Value): number {
  if (typeof value === "number") return value;
  throw new TypeError(`not a number: ${String(value)}`);
}

function list(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`not a list: ${String(value)}`);
}

const TOKEN = /\s*('(?:[^'\\]|\\.)*'|\d+|[A-Za-z_]\w*|==|<=|\[|\]|\(|\)|\{|\}|\||\.|,|:)/y;

class Parser {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(source: string) {
    TOKEN.lastIndex = 0;
    for (let end = 0; end < source.trimEnd().length; end = TOKEN.lastIndex) {
      const match = TOKEN.exec(source);
      if (!match) throw new SyntaxError(`unknown form at "${source.slice(end)}"`);
      this.#tokens.push(match[1] ?? "");
    }
  }

  whole(): Node {
    const node = this.#choice();
    if (this.#peek() !== undefined) throw new SyntaxError(`did not expect "${this.#peek()}"`);
    return node;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(wanted: string): boolean {
    if (this.#peek() !== wanted) return false;
    this.#at++;
    return true;
  }

  #need(wanted: string): void {
    if (!this.#take(wanted)) throw new SyntaxError(`wanted "${wanted}", found "${this.#peek()}"`);
  }

  #choice(): Node {
    const then = this.#or();
    if (!this.#take("if")) return then;
    const condition = this.#or();
    this.#need("else");
    const otherwise = this.#choice();
    return (v) => isTrue(condition(v)) ? then(v) : otherwise(v);
  }

  #or(): Node {
    const left = this.#and();
    if (!this.#take("or")) return left;
    const right = this.#or();
    return (v) => isTrue(left(v)) ? left(v) : right(v);
  }

  #and(): Node {
    const left = this.#comparison();
    if (!this.#take("and")) return left;
    const right = this.#and();
    return (v) => isTrue(left(v)) ? right(v) : left(v);
  }

  #comparison(): Node {
    const left = this.#filtered();
    if (this.#take("==")) {
      const right = this.#filtered();
      return (v) => isEqual(left(v), right(v));
    }
    if (this.#take("<=")) {
      const right = this.#filtered();
      return (v) => number(left(v)) <= number(right(v));
    }
    if (this.#take("is")) {
      this.#need("defined");
      return (v) => left(v) !== UNDEFINED;
    }
    return left;
  }

  #filtered(): Node {
    let node = this.#primary();
    while (this.#take("|")) {
      const name = this.#tokens[this.#at++] ?? "";
      const filter = FILTERS[name];
      if (!filter) throw new SyntaxError(`no filter "${name}"`);
      const args: Node[] = [];
      if (this.#take("(")) {
        do args.push(this.#choice()); while (this.#take(","));
        this.#need(")");
      }
      const input = node;
      node = (v) => filter(input(v), args.map((arg) => arg(v)));
    }
    return node;
  }

  #primary(): Node {
    let node = this.#atom();
    for (;;) {
      const inner = node;
      if (this.#take(".")) {
        const name = this.#tokens[this.#at++] ?? "";
        node = (v) => attribute(inner(v), name);
      } else if (this.#take("[")) {
        this.#need(":");
        const end = Number(this.#tokens[this.#at++]);
        this.#need("]");
        node = (v) => {
          const value = inner(v);
          if (typeof value !== "string") throw new TypeError("only text can be cut here");
          return [...value].slice(0, end).join("");
        };
      } else return node;
    }
  }

  #atom(): Node {
    const token = this.#tokens[this.#at++];
    switch (token) {
      case "(": {
        const node = this.#choice();
        this.#need(")");
        return node;
      }
      case "[":
        this.#need("]");
        return () => [];
      case "{":
        this.#need("}");
        return () => ({});
      case "None":
        return () => null;
      case "true":
        return () => true;
      case "false":
        return () => false;
    }
    if (token === undefined) throw new SyntaxError("ended too early");
    if (token.startsWith("'")) {
      const value = token.slice(1, -1).replaceAll(
        /\\U([0-9a-f]{8})/g,
        (_, hex) => String.fromCodePoint(parseInt(hex, 16)),
      );
      return () => value;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (/^[A-Za-z_]/.test(token)) return (v) => Object.hasOwn(v, token) ? v[token] : UNDEFINED;
    throw new SyntaxError(`did not expect "${token}"`);
  }
}
