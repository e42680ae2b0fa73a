/**
 * Reads the values of an env file as `node:util`'s `parseEnv` does. Pure.
 *
 * Written here because the runtime of a compiled program may be older than the one of a checkout and lack it; the test
 * holds it to the original.
 */
import { put } from "../own.ts";
export function parseEnvText(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const assignment =
    /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(?:"([^"]*)"|'([^']*)'|`([^`]*)`|([^\n#]*))[^\n]*$/gm;
  for (const [, key = "", double, single, back, bare] of text.replaceAll("\r\n", "\n").matchAll(assignment)) {
    // Only double quotes know an escape, and only this one.
    put(values, key, double?.replaceAll("\\n", "\n") ?? single ?? back ?? bare?.trim() ?? "");
  }
  return values;
}
