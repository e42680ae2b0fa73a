/** Runs one child of a mutant run and hands on what it answers. */
import { join } from "node:path";
import { MARK, type RunnerAnswer, type RunnerOrder } from "./messages.ts";

/**
 * Starts a child in the copy of the checkout and waits for its end.
 *
 * @param limitMs with no answer for so long the child hangs and is ended
 * @param onAnswer hears each answer in turn; `false` ends the child
 */
export async function runChild(
  dir: string,
  order: RunnerOrder,
  limitMs: number,
  onAnswer: (answer: RunnerAnswer) => boolean,
): Promise<void> {
  const orderFile = await Deno.makeTempFile({ dir, suffix: ".json" });
  await Deno.writeTextFile(orderFile, JSON.stringify(order));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--quiet", "scripts/mutants/runner.ts", orderFile],
    cwd: join(dir, "checkout"),
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let isEnded = false;
  const end = () => {
    if (!isEnded) child.kill("SIGKILL");
    isEnded = true;
  };
  let timer = setTimeout(end, limitMs);
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (isEnded || !line.startsWith(MARK)) continue;
      clearTimeout(timer);
      timer = setTimeout(end, limitMs);
      if (!onAnswer(JSON.parse(line.slice(MARK.length)))) end();
    }
  }
  await child.status;
  isEnded = true;
  clearTimeout(timer);
}
