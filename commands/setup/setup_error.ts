/** Something in the house is not as it must be; the person may go on all the same. */
import type { FaultKind } from "../../services/cloud_bridge/api/faults.ts";

/** See the file comment. */
export class SetupError extends Error {
  override readonly name = "SetupError";

  /** @param fault What the cloud did not like; absent: it is not the cloud's */
  constructor(message: string, options?: ErrorOptions, readonly fault?: FaultKind) {
    super(message, options);
  }
}
