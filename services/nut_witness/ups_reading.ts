/** What a NUT server's answer says about the grid. Pure. */

/** The word of another UPS: undefined when its answer says nothing about the grid. */
export interface UpsReading {
  /** The status tokens as they came, for example `OL CHRG`. */
  readonly status: string;
  /** `OL`: true, `OB`: false; a status with both or neither says nothing. */
  readonly gridConnected: boolean | undefined;
}

/** The request for one UPS. */
export function statusRequest(ups: string): string {
  return `GET VAR ${ups} ups.status\n`;
}

/**
 * Reads `VAR <ups> ups.status "<tokens>"`.
 *
 * @throws SyntaxError on anything else, with the server's own `ERR …` where it sent one
 */
export function readStatusAnswer(line: string): UpsReading {
  const match = /^VAR \S+ ups\.status "([A-Z0-9 ]{0,200})"\s*$/i.exec(line);
  if (!match) {
    throw new SyntaxError(`must be VAR … ups.status "…", found ${JSON.stringify(line.slice(0, 80))}`);
  }
  const status = (match[1] ?? "").trim();
  const tokens = status.toUpperCase().split(/\s+/);
  const [onLine, onBattery] = [tokens.includes("OL"), tokens.includes("OB")];
  return { status, gridConnected: onLine === onBattery ? undefined : onLine };
}
