/** Questions to a person: at a terminal, or answered line by line from a pipe. */
import { complain, EXIT, print } from "../command.ts";

/** Whoever answers. */
export interface Terminal {
  say(text: string): void;
  /** The answer without blanks around it; `preset` when it is empty. @throws NoAnswerError */
  ask(question: string, preset?: string): Promise<string>;
  /** The answer as it is typed; a terminal does not show it. @throws NoAnswerError */
  askSecret(question: string): Promise<string>;
}

/** The input ended, the person pressed Ctrl+C, or does not want to go on. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";

  constructor(why = "there is no answer: the input ended") {
    super(why);
  }
}

/** Standard input and output. */
export function openTerminal(): Terminal {
  const lines = new LineReader();
  const prompt = (question: string, preset?: string) =>
    print(preset ? `${question} [${preset}]: ` : `${question}: `);
  return {
    say: (text) => void print(`${text}\n`),
    async ask(question, preset) {
      prompt(question, preset);
      const answer = (await lines.next()).trim();
      if (!Deno.stdin.isTerminal()) print("\n");
      return answer === "" ? preset ?? "" : answer;
    },
    async askSecret(question) {
      const isTerminal = Deno.stdin.isTerminal();
      // Before the question: what a quick person types must not be shown either.
      if (isTerminal) Deno.stdin.setRaw(true);
      try {
        prompt(`${question} (not shown)`);
        return isTerminal ? await typedUnseen() : await lines.next();
      } finally {
        if (isTerminal) Deno.stdin.setRaw(false);
        print("\n");
      }
    },
  };
}

/** Yes or no; asked again until it is one. */
export async function askYes(terminal: Terminal, question: string, preset: boolean): Promise<boolean> {
  for (;;) {
    const answer = await terminal.ask(`${question} (y/n)`, preset ? "y" : "n");
    if (/^(y|yes)$/i.test(answer)) return true;
    if (/^(n|no)$/i.test(answer)) return false;
    terminal.say('Please answer "y" or "n".');
  }
}

/** Says why a command ends without its answers. @returns the exit code */
export function refuseUnanswered(what: string, error: NoAnswerError): number {
  return complain(`\nCannot ${what}: ${error.message}; nothing was written\n`, EXIT.no);
}

/** Cuts what comes in into lines. */
class LineReader {
  readonly #decoder = new TextDecoder();
  #text = "";
  #isOver = false;

  async next(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end).replace(/\r$/, "");
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#isOver) {
        if (this.#text === "") throw new NoAnswerError();
        const rest = this.#text;
        this.#text = "";
        return rest;
      }
      const bytes = new Uint8Array(1024);
      const count = await Deno.stdin.read(bytes);
      if (count === null) this.#isOver = true;
      else this.#text += this.#decoder.decode(bytes.subarray(0, count), { stream: true });
    }
  }
}

/** What is typed up to Enter, as a terminal in raw mode brings it. @throws NoAnswerError on Ctrl+C and Ctrl+D */
async function typedUnseen(): Promise<string> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(256);
  let typed: string[] = [];
  for (;;) {
    const count = await Deno.stdin.read(bytes);
    if (count === null) throw new NoAnswerError();
    for (const key of decoder.decode(bytes.subarray(0, count), { stream: true })) {
      if (key === "\r" || key === "\n") return typed.join("");
      if (key === "\u0003" || key === "\u0004") throw new NoAnswerError();
      // Backspace and Ctrl+U take back.
      if (key === "\u007f" || key === "\b") typed.pop();
      else if (key === "\u0015") typed = [];
      else if (key >= " ") typed.push(key);
    }
  }
}
