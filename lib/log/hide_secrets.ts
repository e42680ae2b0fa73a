/** Takes secrets out of a text that somebody else wrote and that is to be shown. Pure. */
import { Buffer } from "node:buffer";

/** What is shown instead. */
const HIDDEN = "***";
/** A piece of a secret this long is hidden, too: a text may have been cut in the middle of it. */
const PIECE = 8;

/**
 * The text without the secrets: as they are, as they look in JSON, in an address, in hex and in base64, and their beginnings
 * and ends where the text was cut. Secrets under three characters are left: their letters are everywhere.
 */
export function hideSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  const forms = secrets.filter((one) => one !== undefined && one.length >= 3).flatMap((one) =>
    formsOf(one as string)
  );
  // The longest first: one secret may be a part of another.
  const known = [...new Set(forms)].sort((a, b) => b.length - a.length);
  let shown = text;
  for (const form of known) shown = shown.replaceAll(form, HIDDEN);
  for (const form of known) shown = hideCut(shown, form);
  return shown;
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, "utf8");
  const base64 = bytes.toString("base64");
  const hex = bytes.toString("hex");
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    base64,
    base64.replace(/=+$/, ""),
    bytes.toString("base64url"),
    encodeURIComponent(base64),
    hex,
    hex.toUpperCase(),
  ];
}

/** A form that the end of the text cuts off, or its beginning. */
function hideCut(text: string, form: string): string {
  let shown = text;
  for (let length = form.length - 1; length >= PIECE; length--) {
    if (shown.endsWith(form.slice(0, length))) shown = `${shown.slice(0, -length)}${HIDDEN}`;
    if (shown.startsWith(form.slice(-length))) shown = `${HIDDEN}${shown.slice(length)}`;
  }
  return shown;
}
