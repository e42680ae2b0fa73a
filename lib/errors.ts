/** Error classes that a caller reacts to by type. Plain problems use TypeError, RangeError and SyntaxError. */

/**
 * A payload, file or reply from outside does not have the promised form.
 *
 * Whoever receives the bytes refuses them, counts the refusal and goes on serving the others.
 */
export class InvalidInputError extends Error {
  override readonly name = "InvalidInputError";
  /** Where the input came from, for example `MQTT topic "power-manager/nas/ack"`. */
  readonly source: string;
  /** What was wrong, one sentence each, in the order found; never empty. */
  readonly problems: readonly string[];

  constructor(source: string, problems: readonly string[], options?: ErrorOptions) {
    super(`Cannot read ${source}: ${problems.join("; ")}`, options);
    this.source = source;
    this.problems = problems;
  }
}

/** A service published or subscribed outside the topics that the registry declares for it. */
export class TopicForbiddenError extends Error {
  override readonly name = "TopicForbiddenError";

  /** @param allowed The declared topics or filters of that direction */
  constructor(
    readonly service: string,
    readonly direction: "publish" | "subscribe",
    readonly topic: string,
    readonly allowed: readonly string[],
  ) {
    super(
      `Cannot ${direction} "${topic}" from ${service}: allowed are ${
        allowed.map((t) => `"${t}"`).join(", ") || "none"
      }`,
    );
  }
}

/** The broker refused one message or one subscription; the connection goes on. */
export class BrokerRefusedError extends Error {
  override readonly name = "BrokerRefusedError";

  /** @param code The MQTT reason code, 128 and up; 135 is "not authorized" */
  constructor(readonly code: number, text: string) {
    super(text);
  }
}

/** The configuration cannot be used. Carries every problem found, so that one start shows them all. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly problems: readonly string[]) {
    super(
      `Cannot use the configuration, ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n` +
        problems.map((p) => `  - ${p}`).join("\n"),
    );
  }
}

/** The text of anything thrown, without its stack: what a log line shows. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
