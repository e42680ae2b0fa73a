/** Questions that are asked again until the answer is one. */
import type { Terminal } from "../terminal/terminal.ts";

/** Asks until `read` makes something of the answer; a text from it says what was wanted. */
export async function askUntil<T extends object>(
  ask: () => Promise<string>,
  read: (text: string) => T | string,
  terminal: Pick<Terminal, "say">,
): Promise<T> {
  for (;;) {
    const answer = read(await ask());
    if (typeof answer !== "string") return answer;
    terminal.say(`The answer ${answer}.`);
  }
}

/** One of the choices. */
export async function askOne(
  terminal: Terminal,
  question: string,
  choices: readonly string[],
  preset: string,
): Promise<string> {
  const { text } = await askUntil(
    () => terminal.ask(question, preset),
    (text) => choices.includes(text) ? { text } : `must be one of ${choices.join(", ")}`,
    terminal,
  );
  return text;
}

/** Anything but nothing. */
export async function askFilled(ask: () => Promise<string>): Promise<string> {
  for (;;) {
    const text = await ask();
    if (text !== "") return text;
  }
}
