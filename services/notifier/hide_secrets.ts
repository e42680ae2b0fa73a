/** Keeps secrets out of texts that servers and libraries send back. Pure. */

/** The text with each secret as `***`; absent and empty ones hide nothing. */
export function hideSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets.reduce<string>((shown, secret) => secret ? shown.replaceAll(secret, "***") : shown, text);
}
