/** What a person types, in each form of installation. Pure. */
import { own } from "../own.ts";

/** `checkout`: run by Deno from its sources. `package`: the program, beside a systemd that runs it. `container`: the image. */
export type Installation = "checkout" | "package" | "container";

/** Commands that `deno.json` has a task for. */
const TASKS = ["start", "setup", "settings", "doctor", "simulate", "decode", "drill"];

/** Only subcommands: `ecoflow-power` alone is the project, and part of paths. */
const COMMAND =
  /(?<![\w/.-])(?:sudo )?ecoflow-power (setup|check|keys|settings|dashboard|broker|simulate|decode|doctor|devices|drill|feed|backup|restore|notify|record)\b/g;
/** A command that somebody is told to type: the package's configuration is root's. */
const AS_ROOT =
  /((?<!Usage): |["(])(ecoflow-power (?:setup|check|keys|settings|dashboard|broker|doctor|devices|drill|feed|backup|restore|notify|record)\b)/g;
/** What is done to the daemon's unit, and to that of the bridge. */
const UNIT = /(?:sudo )?systemctl ([a-z]+)(?: --now)? ecoflow-power(-bridge)?(?![\w-])/g;
const JOURNAL = /journalctl -u ecoflow-power(?![\w-])(?: -g ("[^"]*"))?/g;
const SETUP = /(?<![\w/.-])(?:sudo )?ecoflow-power setup\b(?! -)/g;
const BROKER = /systemctl status mosquitto\b/g;

const PROGRAM: Readonly<Record<Installation, string>> = {
  package: "ecoflow-power",
  checkout: "deno run -A main.ts",
  container: "docker compose run --rm setup",
};

/** What is typed before a subcommand in this installation. */
export function programIn(installation: Installation): string {
  return own(PROGRAM, installation);
}

/** A sentence's commands as they are typed in this installation; it names those of the package. */
export function typable(text: string, installation: Installation): string {
  switch (installation) {
    case "package":
      return text.replaceAll(AS_ROOT, "$1sudo $2");
    case "container":
      return text
        .replaceAll(UNIT, (_, verb, bridge) => composed(verb, bridge !== undefined))
        .replaceAll(
          JOURNAL,
          (_, words) => `docker compose logs daemon${words === undefined ? "" : ` | grep ${words}`}`,
        )
        .replaceAll(BROKER, "docker compose logs broker")
        // The service is named after what it does when it is told nothing else.
        .replaceAll(SETUP, "docker compose run --rm setup")
        .replaceAll(COMMAND, (_, name) => `docker compose run --rm setup ${name}`);
    case "checkout":
      return text
        .replaceAll(
          UNIT,
          (all, verb, bridge) => bridge ? all : verb === "stop" ? "Ctrl+C where it runs" : "deno task start",
        )
        .replaceAll(
          JOURNAL,
          (_, words) => `what the daemon prints${words === undefined ? "" : `, the lines with ${words}`}`,
        )
        .replaceAll(
          COMMAND,
          (_, name) => TASKS.includes(name) ? `deno task ${name}` : `deno run -A main.ts ${name}`,
        );
  }
}

/** By the names of `compose.yaml`. */
function composed(verb: string, isBridge: boolean): string {
  if (!isBridge) return `docker compose ${verb === "stop" ? "stop" : "restart"} daemon`;
  const name = "docker compose --profile fleet";
  if (verb === "enable") return `${name} up --detach bridge`;
  return `${name} ${verb === "disable" ? "stop" : "restart"} bridge`;
}
