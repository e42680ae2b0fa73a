/** Looks whether the owner's commands can work where the service will run them. Runs none of them. */
import { errorText } from "../../lib/errors.ts";
import type { Finding } from "../../lib/findings.ts";
import type { AgentConfig } from "../settings/config.ts";
import type { Argv, HostPlatform } from "../platform/platform.ts";

/** What the look needs of the outside world. */
export interface CommandLook {
  readonly platform: HostPlatform["name"];
  /** A program's output with the rights of the service; throws when it cannot be run or fails. */
  readonly output: (argv: Argv) => Promise<string>;
  /** Whether programs of other rights, such as sudo, cannot work in the service. */
  readonly keepsRightsLow: boolean;
}

const WHAT = "commands";
/** Says of each program whether it is there, and whether it takes the rights of its owner. */
const LOOK = 'for p do f=$(command -v "$p") || { echo "missing $p"; continue; }; ' +
  'if [ -u "$f" ]; then echo "setuid $p"; else echo "there $p"; fi; done';

/** @returns nothing when the owner has no commands */
export async function examineCommands(config: AgentConfig, look: CommandLook): Promise<Finding[]> {
  const commands = ownCommands(config);
  const notices: Finding[] = config.notices.map((text) => ({ what: WHAT, verdict: "unsure", text }));
  if (commands.length === 0) return notices;
  const programs = [...new Set(commands.map(([program = ""]) => program))];
  const problems: string[] = [];
  try {
    const found = await (look.platform === "windows" ? whereIs(programs, look) : lookAt(programs, look));
    for (const program of programs) {
      const state = found.get(program);
      if (state === "missing") problems.push(`there is no program "${program}" where the service looks`);
      if (state === "setuid" && look.keepsRightsLow) {
        problems.push(`"${program}" gains no rights in the service, and will fail; it is root already`);
      }
      if (state === undefined) problems.push(`"${program}" could not be looked at`);
    }
  } catch (error) {
    return [...notices, { what: WHAT, verdict: "unsure", text: `cannot be looked at: ${errorText(error)}` }];
  }
  if (problems.length > 0) return [...notices, { what: WHAT, verdict: "bad", text: problems.join("; ") }];
  const hidden = look.keepsRightsLow &&
    commands.find((argv) => argv.slice(1).some((word) => /\bsudo\b/.test(word)));
  if (hidden) {
    const text = `"${hidden.join(" ")}" speaks of sudo, which cannot work in the service`;
    return [...notices, { what: WHAT, verdict: "unsure", text }];
  }
  const text = `${
    programs.join(", ")
  } can be run by the service; try the preparations: ecoflow-agent rehearse`;
  return [...notices, { what: WHAT, verdict: "good", text }];
}

/** Preparations, and the last step where it is the owner's own. */
function ownCommands({ commands: { before, last } }: AgentConfig): readonly Argv[] {
  return [
    ...before.map(({ argv }) => argv),
    ...last.instead ? last.now : [],
    ...last.cancel && (last.instead || last.cancelInstead) ? [last.cancel] : [],
  ];
}

async function lookAt(programs: readonly string[], { output }: CommandLook): Promise<Map<string, string>> {
  const text = await output(["sh", "-c", LOOK, "sh", ...programs]);
  const lines = text.split("\n").filter(Boolean).map((line) => line.split(/ (.*)/s));
  return new Map(lines.map(([state = "", program = ""]) => [program, state]));
}

async function whereIs(programs: readonly string[], { output }: CommandLook): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const program of programs) {
    const state = await output(["where.exe", program]).then(() => "there", () => "missing");
    found.set(program, state);
  }
  return found;
}
