/** Makes the answers file whole: on the card there is nothing else to read secrets from. */
import { parse as parseToml, stringify as stringifyToml } from "smol-toml";
import { parseAnswers } from "../../commands/setup/answers.ts";

/**
 * The text with the secrets' files read into it.
 *
 * @throws InvalidInputError for what \`ecoflow-power setup\` would refuse
 */
export function wholeAnswers(text: string, source: string, readFile: (path: string) => string): string {
  const { account, dashboard, stations } = parseAnswers(text, source, readFile);
  if (!stations) {
    throw new RangeError(
      `Cannot use ${source}: must name the stations, so that it works without the cloud too`,
    );
  }
  const raw = parseToml(text);
  const { pass_file: _pass, secret_key_file: _key, ...rest } = raw.account as Record<string, string>;
  const secret = account.kind === "app" ? { pass: account.pass } : { secret_key: account.secretKey };
  const { password_file: _password, ...shown } = (raw.dashboard ?? {}) as Record<string, string>;
  return stringifyToml({
    ...raw,
    account: { ...rest, ...secret },
    ...(dashboard ? { dashboard: { ...shown, password: dashboard.password } } : {}),
  });
}
