/** The login in a pairing line. */
import { parsePairing } from "../../../lib/pairing/pairing.ts";

/** Finds it in what `keys add` says. @throws Error when there is none */
export function loginIn(text: string): { readonly user: string; readonly pass: string } {
  const line = text.split("\n").find((one) => one.startsWith("ecoflow-agent-1.")) ?? "";
  const { user, pass } = parsePairing(line);
  if (user === undefined || pass === undefined) throw new Error("the pairing line has no login");
  return { user, pass };
}
