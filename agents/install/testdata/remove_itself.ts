/** Run by a copy of the runtime: removes that copy, as an agent that uninstalls itself does. Argument: the copy's folder. */
import { installHere } from "../here.ts";

const [dir = ""] = Deno.args;
Deno.stdout.writeSync(new TextEncoder().encode(String(installHere("windows", () => {}).remove(dir))));
