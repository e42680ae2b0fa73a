/** `ecoflow-power dashboard password`: sets the password of the dashboard; log-ins with the old one end. */
import { dirname } from "node:path";
import { dashboardPasswordFile } from "../lib/config/dashboard_keys.ts";
import { textFile } from "../lib/files/text_file.ts";
import { hashPassword, passwordProblem } from "../services/dashboard/password.ts";
import { fileErrorText } from "./terminal/file_error.ts";
import { complain, EXIT, print } from "./command.ts";
import { makeLikeParent } from "./like_parent.ts";
import { readConfig } from "./read_config.ts";
import { NoAnswerError, openTerminal, refuseUnanswered } from "./terminal/terminal.ts";

/** Runs it. @returns the exit code */
export async function dashboard(args: readonly string[]): Promise<number> {
  const [what, ...rest] = args;
  if (what !== "password") {
    return complain(`Cannot do "${what ?? ""}": must be dashboard password\n`, EXIT.usage);
  }
  // The configuration may want a password already, which is only now coming.
  const config = readConfig(rest, (path) => path.endsWith(dashboardPasswordFile("")));
  if (typeof config === "number") return config;
  let password;
  try {
    password = await openTerminal().askSecret("New password of the dashboard");
  } catch (error) {
    if (error instanceof NoAnswerError) return refuseUnanswered("set the password", error);
    throw error;
  }
  const problem = passwordProblem(password);
  if (problem !== undefined) return complain(`Cannot set the password: it ${problem}\n`, EXIT.no);
  try {
    const path = await storePassword(config.house.stateDir, password);
    return print(`The password is set (${path}). All log-ins with an earlier one end.\n`);
  } catch (error) {
    return complain(`Cannot set the password: ${fileErrorText(error)}\n`, EXIT.software);
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
