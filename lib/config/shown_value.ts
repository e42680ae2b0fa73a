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

/** A key that is not known: itself when it looks like a key, for else it may be the beginning of a secret. */
export function shownKey(key: string): string {
  return /^[A-Z][A-Z0-9_]{0,63}$/.test(key) ? `"${key}"` : `of ${key.length} characters`;
}
