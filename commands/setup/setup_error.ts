/** Something in the house is not as it must be; the person may go on all the same. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}
