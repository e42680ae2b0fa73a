import { deepEqual, equal, ok } from "node:assert/strict";
import { echoed, MAX_ANSWER_BYTES, quoted } from "./answers.ts";
import type { NutUps, NutUser } from "../access/nut_house.ts";
import { LineLexer } from "./lexer.ts";
import { type SessionEffect, stepSession } from "./session.ts";
import { NEW_SESSION, type NutWorld, serverInfo, type Session, type UpsView } from "./world.ts";

const UPS: NutUps = { name: "ups", device: "Study", description: 'EcoFlow "Delta" test', host: "nas" };
const OTHER: NutUps = { name: "other", device: "Study", host: "pve" };
const USERS: readonly NutUser[] = [
  { name: "monuser", password: "secret", role: "secondary" },
  { name: "prim", password: "primpw", role: "primary", host: "nas" },
];
const VARIABLES = new Map([["battery.charge", "87"], ["ups.status", "OL CHRG"]]);

function world(
  data: UpsView["data"] = { kind: "known", variables: VARIABLES },
  hasCertificate = false,
): NutWorld {
  return {
    users: USERS,
    upses: [UPS, OTHER],
    hasCertificate,
    view: (ups) => ({ ups, data, estimated: new Set(), clients: () => ups === UPS ? ["192.168.1.7"] : [] }),
  };
}

/** Plays lines; returns the answers to the last one, the session, and all effects. */
function play(lines: readonly string[], at: NutWorld = world(), session: Session = NEW_SESSION) {
  const lexer = new LineLexer();
  const effects: SessionEffect["kind"][] = [];
  let answer: readonly string[] = [];
  for (const byte of new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))) {
    const event = lexer.push(byte);
    if (event?.kind !== "line") continue;
    const step = stepSession(session, event.words, at);
    session = step.session;
    answer = step.lines;
    effects.push(...step.effects.map(({ kind }) => kind));
  }
  return { answer, session, effects };
}

const monuser = ["USERNAME monuser", "PASSWORD secret"];
const prim = ["USERNAME prim", "PASSWORD primpw"];

Deno.test("stepSession() answers one line without an account", () => {
  const rows: [line: string, ...answer: string[]][] = [
    ["VER", serverInfo()],
    ["VER x", "ERR INVALID-ARGUMENT"],
    ["NETVER", "1.3"],
    ["PROTVER", "1.3"],
    ["HELP", "Commands: HELP VER GET LIST SET INSTCMD LOGIN LOGOUT USERNAME PASSWORD STARTTLS"],
    ["FOO", "ERR UNKNOWN-COMMAND"],
    ["", "ERR UNKNOWN-COMMAND"],
    ["# x", "ERR UNKNOWN-COMMAND"],
    [
      "list ups",
      "BEGIN LIST UPS",
      'UPS ups "EcoFlow \\"Delta\\" test"',
      'UPS other "Description unavailable"',
      "END LIST UPS",
    ],
    ["LIST", "ERR INVALID-ARGUMENT"],
    ["LIST FOO ups", "ERR INVALID-ARGUMENT"],
    ["LIST VAR nope", "ERR UNKNOWN-UPS"],
    [
      "LIST VAR UPS",
      "BEGIN LIST VAR UPS",
      'VAR UPS battery.charge "87"',
      'VAR UPS ups.status "OL CHRG"',
      "END LIST VAR UPS",
    ],
    ["LIST RW ups", "BEGIN LIST RW ups", "END LIST RW ups"],
    ["LIST CMD ups", "BEGIN LIST CMD ups", "END LIST CMD ups"],
    ["LIST ENUM ups ups.status", "BEGIN LIST ENUM ups ups.status", "END LIST ENUM ups ups.status"],
    ["LIST RANGE ups zzz", "ERR VAR-NOT-SUPPORTED"],
    ["LIST ENUM ups", "ERR INVALID-ARGUMENT"],
    ["LIST CLIENT UPS", "BEGIN LIST CLIENT UPS", "CLIENT ups 192.168.1.7", "END LIST CLIENT UPS"],
    ["GET VAR UPS Ups.Status", 'VAR UPS Ups.Status "OL CHRG"'],
    ["GET VAR ups", "ERR INVALID-ARGUMENT"],
    ["GET VAR ups nope", "ERR VAR-NOT-SUPPORTED"],
    ["GET VAR nope ups.status", "ERR UNKNOWN-UPS"],
    ["GET VAR zzz server.version", 'VAR zzz server.version "2.8.0"'],
    ["GET VAR ups server.foo", "ERR VAR-NOT-SUPPORTED"],
    ["GET TYPE ups battery.charge", "TYPE ups battery.charge NUMBER"],
    ["GET TYPE ups ups.status", "TYPE ups ups.status STRING:32"],
    ["GET DESC ups ups.status", 'DESC ups ups.status "UPS status"'],
    ["GET DESC ups toString", 'DESC ups toString "Description unavailable"'],
    ["GET CMDDESC ups load.off", 'CMDDESC ups load.off "Description unavailable"'],
    ["GET UPSDESC other", 'UPSDESC other "Unavailable"'],
    ["GET NUMLOGINS ups", "NUMLOGINS ups 1"],
    ["GET TRACKING", "OFF"],
    ["GET TRACKING x", "ERR FEATURE-NOT-CONFIGURED"],
    ["GET FOO ups", "ERR INVALID-ARGUMENT"],
    ["STARTTLS", "ERR FEATURE-NOT-CONFIGURED"],
    ["LOGIN", "ERR USERNAME-REQUIRED"],
    ["FSD nope", "ERR USERNAME-REQUIRED"],
    ["SET", "ERR USERNAME-REQUIRED"],
    ["USERNAME a b", "ERR INVALID-ARGUMENT"],
    ["LOGOUT x", "ERR INVALID-ARGUMENT"],
    ["LOGOUT", "OK Goodbye"],
    [`GET DESC ups ${"x".repeat(129)}`, "ERR INVALID-ARGUMENT"],
  ];
  for (const [line, ...answer] of rows) deepEqual(play([line]).answer, answer, line);
});

Deno.test("stepSession() checks account, arguments and rights in upsd's order", () => {
  const rows: [name: string, lines: string[], answer: string, ...effects: SessionEffect["kind"][]][] = [
    ["name only once", ["USERNAME a", "USERNAME a"], "ERR ALREADY-SET-USERNAME"],
    ["password only once", ["PASSWORD a", "PASSWORD a"], "ERR ALREADY-SET-PASSWORD"],
    ["a wrong password is not told at once", ["USERNAME monuser", "PASSWORD wrong"], "OK"],
    ["password first", ["PASSWORD a", "LOGIN ups"], "ERR USERNAME-REQUIRED", "login_refused"],
    ["name alone", ["USERNAME a", "LOGIN ups"], "ERR PASSWORD-REQUIRED", "login_refused"],
    ["login", [...monuser, "LOGIN UPS"], "OK", "login"],
    [
      "login without a name, as old versions of WinNUT do",
      [...monuser, "LOGIN"],
      "ERR INVALID-ARGUMENT",
      "login_refused",
    ],
    ["login to nothing", [...monuser, "LOGIN nope"], "ERR UNKNOWN-UPS", "login_refused"],
    ["login twice", [...monuser, "LOGIN ups", "LOGIN nope"], "ERR ALREADY-LOGGED-IN", "login"],
    [
      "wrong password",
      ["USERNAME monuser", "PASSWORD Secret", "LOGIN ups"],
      "ERR ACCESS-DENIED",
      "denied",
      "login_refused",
    ],
    [
      "unknown name",
      ["USERNAME x", "PASSWORD secret", "LOGIN ups"],
      "ERR ACCESS-DENIED",
      "denied",
      "login_refused",
    ],
    [
      "empty name and password",
      ['USERNAME ""', 'PASSWORD ""', "LOGIN ups"],
      "ERR ACCESS-DENIED",
      "denied",
      "login_refused",
    ],
    ["another host's UPS", [...prim, "LOGIN other"], "ERR ACCESS-DENIED", "denied", "login_refused"],
    ["unknown UPS before the password", ["USERNAME x", "PASSWORD y", "FSD nope"], "ERR UNKNOWN-UPS"],
    ["secondary is no primary", [...monuser, "PRIMARY ups"], "ERR ACCESS-DENIED", "denied"],
    ["secondary may not force", [...monuser, "LOGIN ups", "FSD ups"], "ERR ACCESS-DENIED", "login", "denied"],
    ["primary", [...prim, "primary ups"], "OK PRIMARY-GRANTED"],
    ["master", [...prim, "MASTER ups"], "OK MASTER-GRANTED"],
    ["primary forces its own host", [...prim, "FSD ups"], "OK FSD-SET", "force_shutdown"],
    ["primary may not force another host", [...prim, "FSD other"], "ERR ACCESS-DENIED", "denied"],
    ["no variable can be set", [...prim, "SET VAR ups ups.status OB"], "ERR ACCESS-DENIED"],
    ["no variable of an unknown UPS", [...prim, "SET VAR nope ups.status OB"], "ERR UNKNOWN-UPS"],
    ["no command of an unknown UPS", [...prim, "INSTCMD nope load.off"], "ERR UNKNOWN-UPS"],
    ["set without a value", [...prim, "SET VAR ups ups.status"], "ERR INVALID-ARGUMENT"],
    ["no command", [...prim, "INSTCMD ups load.off"], "ERR CMD-NOT-SUPPORTED"],
    ["command without a name", [...prim, "INSTCMD ups"], "ERR INVALID-ARGUMENT"],
    ["tracking", [...monuser, "SET TRACKING on", "GET TRACKING"], "ON"],
    ["tracking off", [...monuser, "SET TRACKING on", "SET TRACKING OFF", "GET TRACKING"], "OFF"],
    ["tracking maybe", [...monuser, "SET TRACKING MAYBE"], "ERR INVALID-ARGUMENT"],
    ["no id is known", [...monuser, "SET TRACKING ON", "GET TRACKING abc"], "ERR UNKNOWN"],
    ["logout", [...monuser, "LOGIN ups", "LOGOUT"], "OK Goodbye", "login", "close"],
  ];
  for (const [name, lines, answer, ...effects] of rows) {
    const result = play(lines);
    deepEqual(result.answer, [answer], name);
    deepEqual(result.effects, effects, name);
  }
});

Deno.test("stepSession() says that data is stale, and still what does not depend on it", () => {
  for (const [kind, token] of [["stale", "ERR DATA-STALE"], ["never", "ERR DRIVER-NOT-CONNECTED"]] as const) {
    const at = world({ kind });
    for (
      const line of [
        "GET VAR ups ups.status",
        "GET VAR ups nope",
        "GET TYPE ups ups.status",
        "GET DESC ups ups.status",
        "GET CMDDESC ups x",
        "GET NUMLOGINS ups",
        "LIST VAR ups",
        "LIST RW ups",
        "LIST CMD ups",
        "LIST ENUM ups x",
        "LIST RANGE ups x",
      ]
    ) deepEqual(play([line], at).answer, [token], line);
    deepEqual(play([...prim, "SET VAR ups a b"], at).answer, [token]);
    deepEqual(play([...prim, "INSTCMD ups x"], at).answer, [token]);
    deepEqual(play([...prim, "LOGIN ups"], at).answer, ["OK"]);
    deepEqual(play([...prim, "FSD ups"], at).answer, ["OK FSD-SET"]);
    equal(play(["LIST UPS"], at).answer.length, 4);
    deepEqual(play(["GET UPSDESC ups"], at).answer, ['UPSDESC ups "EcoFlow \\"Delta\\" test"']);
    equal(play(["LIST CLIENT ups"], at).answer.length, 3);
  }
});

Deno.test("stepSession() notes that a logged-in client was shown FSD of its own UPS, and nothing else", () => {
  const at = world({ kind: "known", variables: new Map([["ups.id", "FSD"], ["ups.status", "FSD OB LB"]]) });
  const shown = (...lines: string[]) => play([...monuser, ...lines], at).effects.includes("shown_fsd");
  equal(shown("LOGIN ups", "GET VAR ups ups.status"), true);
  equal(shown("LOGIN ups", "GET VAR UPS UPS.STATUS"), true);
  equal(shown("LOGIN ups", "LIST VAR ups"), true);
  equal(shown("LOGIN ups", "GET VAR ups ups.id"), false);
  equal(shown("LOGIN ups", "GET VAR other ups.status"), false);
  equal(shown("GET VAR ups ups.status"), false);
  const calm = world({ kind: "known", variables: new Map([["ups.status", "OL"]]) });
  equal(play([...monuser, "LOGIN ups", "GET VAR ups ups.status"], calm).effects.includes("shown_fsd"), false);
});

Deno.test("stepSession() begins TLS once, and only with a certificate", () => {
  const at = world(undefined, true);
  deepEqual(play(["STARTTLS"], at), {
    answer: ["OK STARTTLS"],
    session: NEW_SESSION,
    effects: ["start_tls"],
  });
  deepEqual(play(["STARTTLS"], at, { ...NEW_SESSION, isTls: true }).answer, ["ERR ALREADY-SSL-MODE"]);
});

Deno.test("quoted() escapes, replaces and cuts", () => {
  equal(quoted('a"b\\c'), '"a\\"b\\\\c"');
  equal(quoted("Büro\n"), '"B?ro?"');
  equal(quoted("abcdef", 5), '"abc"');
  equal(quoted('ab"', 5), '"ab"', "an escape is not cut in two");
});

Deno.test("echoed() sends back what would be read as one word again", () => {
  equal(echoed("UPS"), "UPS");
  equal(echoed("a b"), '"a b"');
  equal(echoed(""), '""');
  equal(echoed('a"'), '"a\\""');
});

Deno.test("stepSession() never sends a line that a client's buffer cannot hold", () => {
  const long: NutUps = { name: "n".repeat(32), device: "Study", description: '"'.repeat(100) };
  const variables = new Map([["ups.id", '\\"'.repeat(400)], ["ups.status", "OL"]]);
  const at: NutWorld = {
    users: USERS,
    upses: [long],
    hasCertificate: false,
    view: (ups) => ({
      ups,
      data: { kind: "known", variables },
      estimated: new Set(),
      clients: () => ["fd00:1111:2222:3333:4444:5555:6666:7777"],
    }),
  };
  const weird = `"${'\\"'.repeat(60)}"`;
  for (
    const line of [
      `LIST VAR ${long.name}`,
      `LIST CLIENT ${long.name}`,
      `GET VAR ${long.name} ups.id`,
      `GET DESC ${long.name} ${weird}`,
      `GET DESC ${long.name} ${"x".repeat(128)}`,
      `GET UPSDESC ${long.name}`,
      `GET VAR ${weird} server.info`,
      "LIST UPS",
      "HELP",
      "VER",
    ]
  ) {
    const { answer } = play([line], at);
    ok(!answer[0]?.startsWith("ERR"), `${line}: ${answer[0]}`);
    for (const sent of answer) ok(sent.length + 1 <= MAX_ANSWER_BYTES, `${line}: ${sent.length}`);
  }
});

Deno.test("stepSession() says with which account and UPS an effect is", () => {
  const effectsOf = (session: Session, ...words: string[]) => stepSession(session, words, world()).effects;
  const [monuserAccount, primAccount] = USERS;
  const asMonuser: Session = { ...NEW_SESSION, username: "monuser", password: "secret" };
  const asPrim: Session = { ...NEW_SESSION, username: "prim", password: "primpw" };
  deepEqual(effectsOf(asMonuser, "LOGIN", "other"), [{ kind: "login", ups: OTHER, user: monuserAccount }]);
  deepEqual(effectsOf(asPrim, "FSD", "ups"), [{ kind: "force_shutdown", ups: UPS, user: primAccount }]);
  deepEqual(effectsOf(asPrim, "PRIMARY", "ups"), []);
});

Deno.test("stepSession() leaves the session as it was after whatever it refuses", () => {
  const session: Session = { ...NEW_SESSION, username: "monuser", password: "secret" };
  for (
    const line of [
      "USERNAME a",
      "PASSWORD a",
      "USERNAME",
      "PASSWORD a b",
      "LOGIN nope",
      "LOGIN",
      "FSD ups",
      "FSD",
      "PRIMARY ups x",
      "SET TRACKING",
      "SET TRACKING MAYBE",
      "SET VAR ups",
      "SET FOO ups a b",
      "INSTCMD",
      "INSTCMD nope x",
      "SET VAR nope a b",
      "LOGOUT now",
      "STARTTLS",
    ]
  ) {
    const step = stepSession(session, line.split(" "), world());
    equal(step.session, session, line);
    equal(step.lines.length, 1, line);
    ok(step.lines[0]?.startsWith("ERR "), line);
  }
});

Deno.test("stepSession() tells a refused word that stock clients stumble over, with no login", () => {
  for (
    const [line, what] of [["USERNAME", "user"], ["USERNAME a b", "user"], ["PASSWORD", "password"]] as const
  ) {
    const step = stepSession(NEW_SESSION, line.split(" "), world());
    deepEqual(step.lines, ["ERR INVALID-ARGUMENT"]);
    equal(step.effects.length, 1, what);
    equal(step.effects[0]?.kind, "login_refused");
  }
});

Deno.test("stepSession() notes FSD wherever it stands first in the status, and not elsewhere", () => {
  const rows: readonly [status: string, isShown: boolean][] = [
    ["FSD", true],
    ["FSD OB", true],
    ["OB FSD", false],
    ["FSDX", false],
    ["OL", false],
  ];
  for (const [status, isShown] of rows) {
    const at = world({ kind: "known", variables: new Map([["ups.status", status]]) });
    const { effects } = play([...monuser, "LOGIN ups", "GET VAR ups ups.status"], at);
    equal(effects.includes("shown_fsd"), isShown, status);
  }
});
