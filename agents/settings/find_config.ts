/** Where an agent's configuration is, and what to type when there is none. */
import { ConfigError, errorText } from "../../lib/errors.ts";

/** The configuration's file; undefined: neither place has one. */
export interface FoundConfig {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads the named file, else `.env` here, else the installed one.
 *
 * @throws ConfigError saying what to do, where the file may not be read or the named one is not there
 */
export function findConfig(named: string | undefined, installed: string): FoundConfig | undefined {
  for (const name of named === undefined ? [".env", installed] : [named]) {
    try {
      if (named !== undefined || Deno.statSync(name).isFile) {
        return { name, text: Deno.readTextFileSync(name) };
      }
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) {
        throw new ConfigError([`this user may not read "${name}": try the same as root, with sudo`]);
      }
      if (named === undefined) continue;
      const why = error instanceof Deno.errors.NotFound ? "there is no such file" : errorText(error);
      throw new ConfigError([
        `"${name}", which --env names, cannot be read: ${why}; make one with: ecoflow-agent pair --env ${name}`,
      ]);
    }
  }
}

/** What to add to the problems of a host where no configuration was found. */
export function noConfigText(installed: string): string {
  return `There is no configuration: neither .env here nor ${installed}. Make one with: ecoflow-agent pair (as root; it asks for ` +
    'the line that "ecoflow-power keys add" printed on the daemon\'s machine)';
}
