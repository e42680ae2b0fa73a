/** `ecoflow-power dashboard password`: sets the password of the dashboard; log-ins with the old one end. */
import { dirname } from "node:path";
import { dashboardPasswordFile } from "../lib/config/dashboard_keys.ts";
import { errorText } from "../lib/errors.ts";
import { textFile } from "../lib/text_file.ts";
import { hashPassword, passwordProblem } from "../services/dashboard/password.ts";
import { complain, EXIT, print } from "./command.ts";
import { makeLikeParent } from "./like_parent.ts";
import { readConfig } from "./read_config.ts";

/** Runs it. @returns the exit code */
export async function dashboard(args: readonly string[]): Promise<number> {
  const [what, ...rest] = args;
  if (what !== "password") {
    return complain(`Cannot do "${what ?? ""}": must be dashboard password\n`, EXIT.usage);
  }
  // The configuration may want a password already, which is only now coming.
  const config = readConfig(rest, (path) => path.endsWith(dashboardPasswordFile("")));
  if (typeof config === "number") return config;
  const password = await readPassword();
  const problem = passwordProblem(password);
  if (problem !== undefined) return complain(`Cannot set the password: it ${problem}\n`, EXIT.no);
  try {
    const path = await storePassword(config.house.stateDir, password);
    return print(`The password is set (${path}). All log-ins with an earlier one end.\n`);
  } catch (error) {
    return complain(`Cannot set the password: ${errorText(error)}\n`, EXIT.software);
  }
}

/** Hashes a password and puts it where the dashboard looks for it. @returns the file */
export async function storePassword(stateDir: string, password: string): Promise<string> {
  const path = dashboardPasswordFile(stateDir);
  const line = await hashPassword(password);
  makeLikeParent(dirname(path));
  textFile(path).write(`${line}\n`);
  return path;
}

/** The first line of standard input; at a terminal it is asked for, and not shown. */
async function readPassword(): Promise<string> {
  if (!Deno.stdin.isTerminal()) {
    const text = await new Response(Deno.stdin.readable).text();
    return text.split(/\r?\n/)[0] ?? "";
  }
  Deno.stdout.writeSync(new TextEncoder().encode("New password of the dashboard (not shown): "));
  Deno.stdin.setRaw(true);
  try {
    return await typedLine();
  } finally {
    Deno.stdin.setRaw(false);
    print("\n");
  }
}

/** What is typed up to Enter, as a terminal in raw mode brings it. */
async function typedLine(): Promise<string> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(256);
  let typed: string[] = [];
  for (;;) {
    const count = await Deno.stdin.read(bytes);
    if (count === null) return typed.join("");
    for (const key of decoder.decode(bytes.subarray(0, count), { stream: true })) {
      if (key === "\r" || key === "\n") return typed.join("");
      // Ctrl+C and Ctrl+D: nothing is set. Backspace and Ctrl+U take back.
      if (key === "\u0003" || key === "\u0004") return "";
      if (key === "\u007f" || key === "\b") typed.pop();
      else if (key === "\u0015") typed = [];
      else if (key >= " ") typed.push(key);
    }
  }
}
