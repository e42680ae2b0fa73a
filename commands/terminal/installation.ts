/** In which form this program is installed, and what a person types there. */

/** `checkout`: run by Deno from its sources. `package`: the program, beside a systemd that runs it. `container`: the image. */
export type Installation = "checkout" | "package" | "container";

/**
 * Looks at this program and this machine.
 *
 * @param root Below which the machine's files lie
 * @param ownUrl Of this program: a bundle is a program too, which the runtime beside it does not say of itself
 */
export function installationHere(root = "/", ownUrl = import.meta.url): Installation {
  if (!Deno.build.standalone && ownUrl.endsWith(".ts")) return "checkout";
  return isThere(`${root}run/systemd/system`) ? "package" : "container";
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Commands that `deno.json` has a task for. */
const TASKS = ["start", "setup", "settings", "doctor", "simulate", "decode", "drill"];

/** A sentence's commands as they are typed in this installation. Pure. */
export function typable(text: string, installation: Installation): string {
  if (installation === "package") return text;
  if (installation === "container") {
    return text
      .replaceAll(/(sudo )?systemctl restart ecoflow-power\b/g, "docker compose restart daemon broker")
      .replaceAll(/(sudo )?systemctl start ecoflow-power\b/g, "docker compose up --detach")
      .replaceAll(/journalctl -u ecoflow-power\b/g, "docker compose logs daemon")
      .replaceAll(COMMAND, (_, name) => `docker compose run --rm setup ${name}`);
  }
  return text
    .replaceAll(/(sudo )?systemctl (re)?start ecoflow-power\b/g, "deno task start")
    .replaceAll(/journalctl -u ecoflow-power( -g "[^"]*")?/g, "what it prints")
    .replaceAll(
      COMMAND,
      (_, name) => TASKS.includes(name) ? `deno task ${name}` : `deno run -A main.ts ${name}`,
    );
}

/** Only subcommands: `ecoflow-power` alone is the project, and part of paths. */
const COMMAND =
  /(?<![\w/.-])(?:sudo )?ecoflow-power (setup|check|keys|settings|dashboard|broker|simulate|decode|doctor|devices|drill|feed|backup|restore|notify|record)\b/g;
