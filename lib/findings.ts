/** What a doctor sees: one finding a look, with what to do in its text. Pure. */
import { own } from "./own.ts";

/** One look. */
export interface Finding {
  readonly what: string;
  /** `unsure`: it could not be found out. */
  readonly verdict: "good" | "bad" | "unsure";
  readonly text: string;
}

/** For a person, one line a look. */
export function findingsText(findings: readonly Finding[]): string {
  const signs = { good: "ok    ", bad: "WRONG ", unsure: "?     " };
  return findings.map(({ what, verdict, text }) => `${own(signs, verdict)} ${what}: ${text}`).join("\n");
}
