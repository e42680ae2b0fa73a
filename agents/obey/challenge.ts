/** How a command is shown to be new when the clocks of daemon and host disagree: it must answer what we asked just now. */
import { hasValidSignature, signatureOf } from "../../lib/pairing/signing.ts";

/** How long a challenge may be answered, ms. */
export const CHALLENGE_MS = 60_000;

/**
 * Challenges of one run of the agent. Nothing is kept of them, so that no flood can push one out: each holds when it was
 * made, and fits one command, which is obeyed once.
 */
export class Challenges {
  readonly #secretHex: string;

  /** @param secret 32 random bytes that nobody else knows and no other run has */
  constructor(secret: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(32))) {
    this.#secretHex = secret.toHex();
  }

  /** What a command with this id must say to be obeyed whatever its time. @param uptimeMs The host's, sleep included */
  make(commandId: string, uptimeMs: number): string {
    const madeMs = Math.floor(uptimeMs);
    return `${madeMs}.${signatureOf({ id: commandId, made_ms: madeMs }, this.#secretHex)}`;
  }

  /** Whether a command, whose own signature is right, was signed after we had asked, and that was just now. */
  isAnsweredBy(
    { id, challenge }: { readonly id: string; readonly challenge?: string },
    uptimeMs: number,
  ): boolean {
    const [made = "", sig] = challenge?.split(".") ?? [];
    const ageMs = uptimeMs - Number(made);
    if (!/^\d{1,15}$/.test(made) || !(ageMs >= 0 && ageMs <= CHALLENGE_MS)) return false;
    return hasValidSignature({ id, made_ms: Number(made), sig }, this.#secretHex);
  }
}
