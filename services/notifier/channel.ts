/** What a way out is, and how it fails. */
import type { Message } from "./message.ts";

/** A way out. */
export interface Channel {
  readonly name: string;
  /** Sends one message. @throws SendError, or what `signal` was aborted with */
  send(message: Message, signal: AbortSignal): Promise<void>;
}

/** A message did not get through. Its text holds no secret. */
export class SendError extends Error {
  override readonly name = "SendError";

  /**
   * @param isFinal It will not get through later either: the message is given up
   * @param retryAfterMs How long the other side wants to be left alone
   * @param mayBeTold Some of those behind the channel may have got it: each try may tell them again
   */
  constructor(
    text: string,
    readonly isFinal: boolean,
    readonly retryAfterMs?: number,
    readonly mayBeTold = false,
  ) {
    super(text);
  }
}
