/** 32 random bytes, for keys and passwords that nobody needs to know. */
export function randomHex(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}
