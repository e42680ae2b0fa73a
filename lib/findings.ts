/** What a doctor sees: one finding a look, with what to do in its text. Pure. */
import { own } from "./own.ts";

/** One look. */
export interface Finding {
  readonly what: string;
  /** `unsure`: it could not be found out. */
  readonly verdict: "good" | "bad" | "unsure";
  readonly text: string;
  /** Of a host alone: whether it would be shut down now when its battery ends. */
  readonly wouldShutDown?: boolean;
}

/** For a person, one line a look. */
export function findingsText(findings: readonly Finding[]): string {
  const signs = { good: "ok    ", bad: "WRONG ", unsure: "?     " };
  return findings.map(({ what, verdict, text }) => `${own(signs, verdict)} ${what}: ${text}`).join("\n");
}

/** For programs: `verdict` of the whole, and each look as it is. */
export function findingsJson(findings: readonly Finding[]): string {
  const wrong = findings.filter(({ verdict }) => verdict === "bad").length;
  const looks = findings.map(({ what, verdict, text, wouldShutDown }) => ({
    what,
    verdict: verdict === "good" ? "ok" : verdict === "bad" ? "wrong" : "unsure",
    text,
    would_shut_down: wouldShutDown,
  }));
  return JSON.stringify({ verdict: wrong === 0 ? "ok" : "wrong", wrong, findings: looks }, undefined, 2);
}
