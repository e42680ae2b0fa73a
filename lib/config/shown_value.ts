/** How a wrong value is shown. Pure. */

/** A text of so many characters is no password. */
const NO_SECRET_CHARACTERS = 5;

/**
 * A wrong value for an error text: itself when it is short, else only its length, for a person who mixes up two lines puts
 * a password under another key.
 */
export function shownValue(text: string): string {
  return text.length <= NO_SECRET_CHARACTERS ? JSON.stringify(text) : `${text.length} characters`;
}

/** That a key has no name or address of a machine; an address with a user and a password in it is none. */
export function notAHost(key: string, found: string): string {
  return `${key} must be a host name or an IP address, without port and brackets, found ${shownValue(found)}`;
}

/**
 * A key that is not known: itself when it looks like a key, for else it may be the beginning of a secret. Capitals with digits and
 * without a `_` may be one too: a code with `=` at its end.
 */
export function shownKey(key: string): string {
  return /^(?=.{1,64}$)[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$|^[A-Z]{1,15}$/.test(key)
    ? `"${key}"`
    : `of ${key.length} characters`;
}

/** Nobody's password looks so. */
const LOOKS_LIKE_A_PATH =
  /^(\/|\.{1,2}\/|~\/|[A-Za-z]:[\\/])|^[\w-][\w./-]{0,80}\.(pem|crt|cert|cer|key|toml|json|env|txt|conf)$/;

/**
 * That a file cannot be read, for an error text. The path is shown when it looks like one: a person who mixes up `X_FILE` with `X`
 * puts the secret itself there.
 *
 * @param key The key that names the file, as `MQTT_PASS_FILE`
 */
export function fileFault(key: string, path: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  if (LOOKS_LIKE_A_PATH.test(path)) return `Cannot read ${key} "${path}": ${reason}`;
  const said = reason.replace(/:? *\S*'.*'?$/s, "").replaceAll(path, "…");
  return `Cannot read ${key}, a path of ${path.length} characters: ${said} (it must be the path of a file; what the file holds ` +
    "belongs elsewhere)";
}
