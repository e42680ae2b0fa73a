/** A person's request counts while the person waits for what comes of it. Pure. */
import { heldUpMs } from "../../../lib/messages/power_state.ts";

/** A request that was issued so long ago is not obeyed any more, ms. */
export const REQUEST_LIFE_MS = 60_000;

/** Why a request is refused for its age, or undefined. One that says no time was said now: the broker keeps none for us. */
export function lateness(
  { issued_at }: { readonly issued_at?: string },
  nowWallMs: number,
): string | undefined {
  const lateMs = heldUpMs({ ts: issued_at }, nowWallMs);
  return lateMs > REQUEST_LIFE_MS ? `it was asked for ${Math.round(lateMs / 1000)} s ago` : undefined;
}
