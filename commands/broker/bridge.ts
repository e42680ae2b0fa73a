/** `ecoflow-power broker bridge`: what the house says, and nothing back, to an MQTT cluster of many sites. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { fileFault } from "../../lib/config/shown_value.ts";
import { EXIT } from "../command.ts";
import type { Installation } from "../../lib/text/typable.ts";
import { installationHere } from "../terminal/installation.ts";
import { siteRoot } from "./bridge_conf.ts";
import { BridgeFiles } from "./bridge_files.ts";
import {
  BridgeInputError,
  parseBridgePassword,
  parseBridgeTarget,
  parseBridgeUser,
  parseSiteName,
} from "./bridge_target.ts";
import { ManagedBroker } from "./managed_broker.ts";

/** Its part of the usage line. */
export const BRIDGE_USAGE =
  "bridge --to mqtts://HOST[:PORT] --site NAME [--user USER --pass-file FILE] [--ca FILE] | bridge --remove";

/** What may be typed behind it; each absent. */
export interface BridgeArgs {
  readonly to?: string;
  readonly site?: string;
  readonly user?: string;
  readonly "pass-file"?: string;
  readonly ca?: string;
  readonly remove?: boolean;
}

/** What it says, and the exit code. */
export interface BridgeAnswer {
  readonly code: number;
  readonly text: string;
}

/** Runs it. @throws Error when a file cannot be written */
export function bridge(house: HouseConfig, root: string, args: BridgeArgs): BridgeAnswer {
  const refuse = (text: string) => ({ code: EXIT.usage, text });
  const done = (text: string) => ({ code: EXIT.ok, text });
  const { to, site, user, "pass-file": passFile, ca, remove } = args;
  const files = new BridgeFiles(root, new ManagedBroker(root));
  if (remove) {
    if ([to, site, user, passFile, ca].some((one) => one !== undefined)) {
      return refuse("Cannot remove and write a bridge at once: --remove stands alone");
    }
    return done(
      files.remove(house) ? removed(installationHere(), files.confPath) : "There is no bridge here.",
    );
  }
  try {
    if (to === undefined || site === undefined) {
      throw new BridgeInputError(
        `Cannot bridge: --to and --site are needed. Usage: ecoflow-power broker ${BRIDGE_USAGE}`,
      );
    }
    if ((user === undefined) !== (passFile === undefined)) {
      throw new BridgeInputError(
        "Cannot log in at the cluster: --user and --pass-file go together, found one of them",
      );
    }
    const wasThere = files.isThere;
    const login = user === undefined || passFile === undefined ? undefined : {
      user: parseBridgeUser(user),
      password: parseBridgePassword(readNamed("--pass-file", passFile), passFile),
    };
    const wishes = {
      site: parseSiteName(site),
      to: parseBridgeTarget(to),
      login,
      ca: ca === undefined ? undefined : { pem: readNamed("--ca", ca), path: ca },
    };
    files.write(house, wishes);
    return done(
      `Wrote ${files.confPath}: status, policy, states and events go out to ${wishes.to.host}:${wishes.to.port} below ` +
        `"${siteRoot(wishes.site)}"; nothing comes in.\n` + rightsRemark(wishes.site, login?.user) +
        `Next: ${nextCommand(installationHere(), files.confPath, wasThere)}`,
    );
  } catch (error) {
    if (error instanceof BridgeInputError) return refuse(error.message);
    throw error;
  }
}

/** The rule of docs/fleet.md lets a user write below its own name: with another one nothing would arrive, and a cluster says nothing of that. */
function rightsRemark(site: string, user: string | undefined): string {
  return user === undefined || user === site
    ? ""
    : `The user "${user}" is not called as the site: see that the cluster lets it write below "${
      siteRoot(site)
    }".\n`;
}

/** The one command that makes the bridge run as it was written, in this installation. Pure. */
export function nextCommand(installation: Installation, confPath: string, wasThere: boolean): string {
  if (installation === "container") {
    return "docker compose --profile fleet up --detach --force-recreate bridge";
  }
  if (installation === "checkout") return `mosquitto -c ${confPath}`;
  return wasThere
    ? "sudo systemctl restart ecoflow-power-bridge"
    : "sudo systemctl enable --now ecoflow-power-bridge";
}

function removed(installation: Installation, confPath: string): string {
  const next = installation === "container"
    ? "docker compose --profile fleet rm --stop bridge"
    : installation === "package"
    ? "sudo systemctl disable --now ecoflow-power-bridge"
    : `end the mosquitto that runs with ${confPath}`;
  return `Removed the bridge; its user can log in no more.\nNext: ${next}`;
}

function readNamed(option: string, path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new BridgeInputError(fileFault(option, path, error));
  }
}
