/**
 * One client's conversation: a line of words in, answers and effects out. Pure.
 *
 * Source: the NUT network protocol (RFC 9271); the order of the checks is that of Debian's upsd 2.8.0.
 */
import { errorLine, type ErrorToken } from "./answers.ts";
import type { NutUps, NutUser } from "../access/nut_house.ts";
import { answerGet, answerList } from "./queries.ts";
import { type LoginRefusal, refusalOf, unsendableRefusal } from "../access/refusals.ts";
import { findAccount, mayForceShutdown, mayLogin } from "../access/users.ts";
import { dataError, findUps, type NutWorld, PROTOCOL_VERSION, serverInfo, type Session } from "./world.ts";

/** What follows from a line besides its answer. */
export type SessionEffect =
  | { readonly kind: "login"; readonly ups: NutUps; readonly user: NutUser }
  /** The host's own primary client wants its host's clients to shut down. */
  | { readonly kind: "force_shutdown"; readonly ups: NutUps; readonly user: NutUser }
  /** The answer shows a forced shutdown of the UPS that the session is logged in to. */
  | { readonly kind: "shown_fsd" }
  /** Name or password was wrong, or the account may not do this. */
  | { readonly kind: "denied" }
  /** A LOGIN was refused, and why. */
  | { readonly kind: "login_refused"; readonly refusal: LoginRefusal }
  /** Begin TLS after the answer. */
  | { readonly kind: "start_tls" }
  /** Close after the answer. */
  | { readonly kind: "close" };

/** What a line leads to. */
export interface Step {
  readonly session: Session;
  /** Lines without their ends. */
  readonly lines: readonly string[];
  readonly effects: readonly SessionEffect[];
}

const HELP = "Commands: HELP VER GET LIST SET INSTCMD LOGIN LOGOUT USERNAME PASSWORD STARTTLS";

/** Handles one line. */
export function stepSession(session: Session, words: readonly string[], world: NutWorld): Step {
  const say = (...lines: string[]): Step => ({ session, lines, effects: [] });
  const refuse = (token: ErrorToken): Step => say(errorLine(token));
  const [verb = "", ...args] = words;
  /** Only what the client is told of the UPS that it is logged in to can make its host shut down. */
  const withFsdShown = (lines: readonly string[]): Step => {
    const isOwn = session.login !== undefined && findUps(world.upses, args[1]) === session.login.ups;
    const shows = isOwn && lines.some((line) => / ups\.status "FSD[ "]/i.test(line));
    return { session, lines, effects: shows ? [{ kind: "shown_fsd" }] : [] };
  };
  const alone = (line: string) => args.length === 0 ? say(line) : refuse("INVALID-ARGUMENT");
  switch (verb.toUpperCase()) {
    case "VER":
      return alone(serverInfo());
    case "NETVER":
    case "PROTVER":
      return alone(PROTOCOL_VERSION);
    case "HELP":
      return alone(HELP);
    case "GET":
      return withFsdShown(answerGet(session, args, world));
    case "LIST":
      return withFsdShown(answerList(session, args, world));
    case "USERNAME":
      if (args.length !== 1) return refuseUnsendable(session, "user", world);
      if (session.username !== undefined) return refuse("ALREADY-SET-USERNAME");
      return { ...say("OK"), session: { ...session, username: args[0] } };
    case "PASSWORD":
      if (args.length !== 1) return refuseUnsendable(session, "password", world);
      if (session.password !== undefined) return refuse("ALREADY-SET-PASSWORD");
      return { ...say("OK"), session: { ...session, password: args[0] } };
    case "LOGOUT":
      if (args.length !== 0) return refuse("INVALID-ARGUMENT");
      return { ...say("OK Goodbye"), effects: [{ kind: "close" }] };
    case "STARTTLS":
      if (session.isTls) return refuse("ALREADY-SSL-MODE");
      if (!world.hasCertificate) return refuse("FEATURE-NOT-CONFIGURED");
      return { ...say("OK STARTTLS"), effects: [{ kind: "start_tls" }] };
    case "LOGIN":
      return withRefusal(stepAccount(session, verb.toUpperCase(), args, world), session, args, world);
    case "PRIMARY":
    case "MASTER":
    case "FSD":
    case "SET":
    case "INSTCMD":
      return stepAccount(session, verb.toUpperCase(), args, world);
    default:
      return refuse("UNKNOWN-COMMAND");
  }
}

/** Stock clients give up here and never come to their LOGIN. */
function refuseUnsendable(session: Session, what: "user" | "password", world: NutWorld): Step {
  const refusal = unsendableRefusal(session.username, what, world);
  return { session, lines: [errorLine("INVALID-ARGUMENT")], effects: [{ kind: "login_refused", refusal }] };
}

/** A LOGIN that did not succeed leaves word of why; one that comes after a successful one is no trouble. */
function withRefusal(
  step: Step,
  { username, password, login }: Session,
  args: readonly string[],
  world: NutWorld,
): Step {
  if (login || step.session.login) return step;
  const refusal = refusalOf({ username, password, upsWords: args }, world);
  return { ...step, effects: [...step.effects, { kind: "login_refused", refusal }] };
}

function stepAccount(session: Session, verb: string, args: readonly string[], world: NutWorld): Step {
  const say = (line: string, ...effects: SessionEffect[]): Step => ({ session, lines: [line], effects });
  const refuse = (token: ErrorToken): Step => say(errorLine(token));
  if (session.username === undefined) return refuse("USERNAME-REQUIRED");
  if (session.password === undefined) return refuse("PASSWORD-REQUIRED");
  const deny = (): Step => say(errorLine("ACCESS-DENIED"), { kind: "denied" });
  if (verb === "SET" || verb === "INSTCMD") return stepSwitching(session, verb, args, world);

  if (args.length !== 1) return refuse("INVALID-ARGUMENT");
  if (verb === "LOGIN" && session.login) return refuse("ALREADY-LOGGED-IN");
  const ups = findUps(world.upses, args[0]);
  if (!ups) return refuse("UNKNOWN-UPS");
  const { username = "", password = "" } = session;
  const user = findAccount(world.users, { username, password });
  if (!user || !mayLogin(user, ups)) return deny();
  if (verb === "LOGIN") {
    return {
      session: { ...session, login: { ups, user } },
      lines: ["OK"],
      effects: [{ kind: "login", ups, user }],
    };
  }
  if (!mayForceShutdown(user, ups)) return deny();
  return verb === "FSD"
    ? say("OK FSD-SET", { kind: "force_shutdown", ups, user })
    : say(`OK ${verb}-GRANTED`);
}

/** There is no variable that can be set and no command: nothing here can switch a station. */
function stepSwitching(
  session: Session,
  verb: "SET" | "INSTCMD",
  args: readonly string[],
  world: NutWorld,
): Step {
  const refuse = (token: ErrorToken): Step => ({ session, lines: [errorLine(token)], effects: [] });
  const [first = "", second] = args;
  const isSet = verb === "SET";
  if (isSet && first.toUpperCase() === "TRACKING" && second !== undefined) {
    const wanted = second.toUpperCase();
    if (wanted !== "ON" && wanted !== "OFF") return refuse("INVALID-ARGUMENT");
    return { session: { ...session, isTracking: wanted === "ON" }, lines: ["OK"], effects: [] };
  }
  if (isSet ? first.toUpperCase() !== "VAR" || args.length < 4 : args.length < 2) {
    return refuse("INVALID-ARGUMENT");
  }
  const ups = findUps(world.upses, isSet ? second : first);
  if (!ups) return refuse("UNKNOWN-UPS");
  const { data } = world.view(ups, session);
  if (data.kind !== "known") return refuse(dataError(data.kind));
  return refuse(isSet ? "ACCESS-DENIED" : "CMD-NOT-SUPPORTED");
}
