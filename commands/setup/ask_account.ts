/** The account in setup's talk: tried at once; when it does not work, only what was wrong is asked again. */
import { ConfigError, errorText } from "../../lib/errors.ts";
import { own } from "../../lib/own.ts";
import type { AccountStation } from "../../services/cloud_bridge/api/cloud_api.ts";
import { CloudFault, type FaultKind } from "../../services/cloud_bridge/api/faults.ts";
import { askYes, NoAnswerError, type Terminal } from "../terminal/terminal.ts";
import type { AccountAnswer, Region } from "./answers.ts";
import { askFilled, askOne } from "./questions.ts";
import type { Draft } from "./draft.ts";
import { putAccount, tryAccount } from "./steps.ts";

/** What a fault says of the answers: these were wrong, and no others. */
export type WrongAnswer = "account" | "secret_key" | "region" | "none";

/** Which answer to ask for again after a fault. Pure. */
export function wrongAnswerOf(kind: FaultKind | undefined): WrongAnswer {
  switch (kind) {
    case "credentials_refused":
    case "key_refused":
      return "account";
    case "signature_refused":
      return "secret_key";
    case "closed_early":
      return "region";
    default:
      return "none";
  }
}

/** See the file comment. @returns the account's stations */
export async function askAccount(draft: Draft, terminal: Terminal): Promise<readonly AccountStation[]> {
  const kind = await askOne(terminal, "App account (1) or developer keys (2)", ["1", "2"], "1");
  let account = await askCredentials(kind === "1" ? "app" : "open", terminal);
  let region = await askRegion(terminal);
  for (;;) {
    putAccount(draft, account, region);
    try {
      return await tryAccount(draft, terminal);
    } catch (error) {
      // Not the account's fault: the file that is there cannot be used.
      if (error instanceof ConfigError) throw error;
      terminal.say(`  WRONG  ${errorText(error)}.`);
      if (!await askYes(terminal, "Try again", true)) throw new NoAnswerError("it is not to be tried again");
      const wrong = wrongAnswerOf(kindOf(error));
      if (wrong === "account" || wrong === "secret_key") {
        account = await askCredentials(account.kind, terminal, account, wrong);
      }
      // An account of another region is refused like one with a wrong password.
      if (wrong === "region" || (wrong === "account" && region !== "auto")) {
        region = await askRegion(terminal, region);
      }
    }
  }
}

const REGIONS: Readonly<Record<string, Region>> = { "1": "auto", "2": "europe", "3": "america" };

/** @param now What was answered before, the preset */
export async function askRegion(terminal: Terminal, now: Region = "auto"): Promise<Region> {
  const preset = Object.keys(REGIONS).find((key) => own(REGIONS, key) === now) ?? "1";
  const choice = await askOne(
    terminal,
    "Region: find out (1), Europe (2), America (3)",
    Object.keys(REGIONS),
    preset,
  );
  return own(REGIONS, choice) ?? "auto";
}

async function askCredentials(
  kind: AccountAnswer["kind"],
  terminal: Terminal,
  before?: AccountAnswer,
  wrong: WrongAnswer = "account",
): Promise<AccountAnswer> {
  if (kind === "app") {
    const preset = before?.kind === "app" ? before.user : undefined;
    return {
      kind,
      user: await askFilled(() => terminal.ask("E-mail of the app account", preset)),
      pass: await askFilled(() => terminal.askSecret("Password")),
    };
  }
  const known = before?.kind === "open" && wrong === "secret_key" ? before.accessKey : undefined;
  return {
    kind,
    accessKey: known ?? await askFilled(() => terminal.askSecret("Access key")),
    secretKey: await askFilled(() => terminal.askSecret("Secret key")),
  };
}

function kindOf(error: unknown): FaultKind | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof CloudFault ? cause.kind : undefined;
}
