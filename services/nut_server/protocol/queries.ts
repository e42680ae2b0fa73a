/** GET and LIST. Pure. */
import { echoed, errorLine, type ErrorToken, MAX_ECHO_CHARS, quoted } from "./answers.ts";
import type { NutUps } from "../access/nut_house.ts";
import { describeVariable } from "../ups/descriptions.ts";
import type { Variables } from "../ups/variables.ts";
import {
  dataError,
  findUps,
  type NutWorld,
  SERVER_VERSION,
  serverInfo,
  type Session,
  type UpsView,
} from "./world.ts";

const refuse = (token: ErrorToken): readonly string[] => [errorLine(token)];

/** Answers `GET …`; extra words are ignored, as upsd does. */
export function answerGet(session: Session, args: readonly string[], world: NutWorld): readonly string[] {
  if (args.some((word) => word.length > MAX_ECHO_CHARS)) return refuse("INVALID-ARGUMENT");
  const [topic = "", upsWord, word] = args;
  if (topic.toUpperCase() === "TRACKING") return [answerTracking(session, upsWord)];
  if (upsWord === undefined) return refuse("INVALID-ARGUMENT");
  const shown = echoed(upsWord);
  const ups = findUps(world.upses, upsWord);
  switch (topic.toUpperCase()) {
    case "UPSDESC":
      return ups ? [`UPSDESC ${shown} ${quoted(ups.description ?? "Unavailable")}`] : refuse("UNKNOWN-UPS");
    case "NUMLOGINS":
      return withData(ups, session, world, (_, view) => [`NUMLOGINS ${shown} ${view.clients().length}`]);
    case "VAR":
      if (word === undefined) return refuse("INVALID-ARGUMENT");
      if (/^server\./i.test(word)) return [answerServerVariable(shown, word.toLowerCase())];
      return withData(ups, session, world, (variables) => {
        const value = variables.get(word.toLowerCase());
        return value === undefined
          ? refuse("VAR-NOT-SUPPORTED")
          : [`VAR ${shown} ${echoed(word)} ${quoted(value)}`];
      });
    case "TYPE":
      if (word === undefined) return refuse("INVALID-ARGUMENT");
      return withData(ups, session, world, (variables) => {
        const value = variables.get(word.toLowerCase());
        return value === undefined
          ? refuse("VAR-NOT-SUPPORTED")
          : [`TYPE ${shown} ${echoed(word)} ${typeOf(value)}`];
      });
    case "DESC":
    case "CMDDESC": {
      if (word === undefined) return refuse("INVALID-ARGUMENT");
      const kind = topic.toUpperCase();
      return withData(ups, session, world, (_, { estimated }) => {
        const name = word.toLowerCase();
        const text = (kind === "DESC" ? describeVariable(name, estimated.has(name)) : undefined) ??
          "Description unavailable";
        return [`${kind} ${shown} ${echoed(word)} ${quoted(text, 200)}`];
      });
    }
    default:
      return refuse("INVALID-ARGUMENT");
  }
}

/** Answers `LIST …`; extra words are ignored, as upsd does. */
export function answerList(session: Session, args: readonly string[], world: NutWorld): readonly string[] {
  if (args.some((word) => word.length > MAX_ECHO_CHARS)) return refuse("INVALID-ARGUMENT");
  const [topic = "", upsWord, word] = args;
  const kind = topic.toUpperCase();
  const list = (what: string, rows: readonly string[]) => [`BEGIN LIST ${what}`, ...rows, `END LIST ${what}`];
  if (kind === "UPS") {
    const row = ({ name, description = "Description unavailable" }: NutUps) =>
      `UPS ${name} ${quoted(description)}`;
    return list("UPS", world.upses.map(row));
  }
  if (upsWord === undefined) return refuse("INVALID-ARGUMENT");
  const shown = echoed(upsWord);
  const ups = findUps(world.upses, upsWord);
  switch (kind) {
    case "CLIENT": {
      if (!ups) return refuse("UNKNOWN-UPS");
      const clients = world.view(ups, session).clients();
      return list(`CLIENT ${shown}`, clients.map((address) => `CLIENT ${ups.name} ${address}`));
    }
    case "VAR":
      return withData(ups, session, world, (variables) => {
        const rows = [...variables].map(([name, value]) => `VAR ${shown} ${name} ${quoted(value)}`);
        return list(`VAR ${shown}`, rows);
      });
    case "RW":
    case "CMD":
      return withData(ups, session, world, () => list(`${kind} ${shown}`, []));
    case "ENUM":
    case "RANGE":
      if (word === undefined) return refuse("INVALID-ARGUMENT");
      return withData(
        ups,
        session,
        world,
        (variables) =>
          variables.has(word.toLowerCase())
            ? list(`${kind} ${shown} ${echoed(word)}`, [])
            : refuse("VAR-NOT-SUPPORTED"),
      );
    default:
      return refuse("INVALID-ARGUMENT");
  }
}

function withData(
  ups: NutUps | undefined,
  session: Session,
  world: NutWorld,
  answer: (variables: Variables, view: UpsView) => readonly string[],
): readonly string[] {
  if (!ups) return refuse("UNKNOWN-UPS");
  const view = world.view(ups, session);
  return view.data.kind === "known" ? answer(view.data.variables, view) : refuse(dataError(view.data.kind));
}

/** What the server says of itself is the same for any UPS, known or not. */
function answerServerVariable(shownUps: string, name: string): string {
  if (name === "server.info") return `VAR ${shownUps} server.info ${quoted(serverInfo())}`;
  if (name === "server.version") return `VAR ${shownUps} server.version ${quoted(SERVER_VERSION)}`;
  return errorLine("VAR-NOT-SUPPORTED");
}

/** No command ever succeeds here, so no tracking id is ever handed out. */
function answerTracking({ isTracking }: Session, id: string | undefined): string {
  if (id === undefined) return isTracking ? "ON" : "OFF";
  return errorLine(isTracking ? "UNKNOWN" : "FEATURE-NOT-CONFIGURED");
}

function typeOf(value: string): string {
  return /^-?\d+(\.\d+)?$/.test(value) ? "NUMBER" : `STRING:${Math.max(32, value.length)}`;
}
