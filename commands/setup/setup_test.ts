/** Setup by the real program against the emulated cloud: by a file, by a person at a pipe, by a person at a terminal. */
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parsePairing } from "../../lib/pairing/pairing.ts";
import { wrongAnswerOf } from "./ask_account.ts";
import { ACCOUNT, inSetupHouse, type SetupHouse, SILENT_SN, SN } from "./testdata/setup_house.ts";

const answers = (station = `[[station]]\nsn = "${SN}"\nhosts = ["study-pc", "nas"]\n`) =>
  `[account]
user = "${ACCOUNT.user}"
pass = """${ACCOUNT.pass}"""

${station}
[dashboard]
listen = "127.0.0.1:0"
password = "correct horse battery"

[keys]
POLICY_SOC_MIN = 15
`;

function assertNothingTold(house: SetupHouse, ...texts: readonly string[]): void {
  for (const text of [...texts, house.read("house.env")]) {
    assert.doesNotMatch(text, /app pass-wörd|correct horse/, "a secret was told");
  }
}

Deno.test("setup --from tries account and station, writes, and pairs; doctor then knows the rest", () =>
  inSetupHouse(async (house) => {
    const file = house.write("answers.toml", answers());
    const { code, stdout, stderr } = await house.run("", "setup", "--from", file);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /ok: 127\.0\.0\.1:\d+ accepts the account; it has 2 station\(s\)/);
    assert.match(stdout, /ok {5}Study: alive, charge 100 %, the grid is there/);
    assertNothingTold(house, stdout, stderr);
    const lines = stdout.split("\n").filter((line) => line.startsWith("ecoflow-agent-1."));
    assert.deepEqual(lines.map((line) => parsePairing(line).agent), ["study-pc", "nas"]);

    const env = house.read("house.env");
    assert.match(env, /^# Written by hand, and kept\.$/m);
    assert.match(env, new RegExp(`^ECOFLOW_DEVICE_LIST=${SN}:Study$`, "m"));
    assert.match(env, /^POLICY_SOC_MIN=15$/m);
    assert.doesNotMatch(env, /ECOFLOW_CLOUD/);
    assert.equal(statSync(house.env).mode & 0o777, 0o640);
    assert.equal(house.read("credentials/ecoflow_pass"), `${ACCOUNT.pass}\n`);
    assert.equal(statSync(join(house.dir, "credentials/ecoflow_pass")).mode & 0o777, 0o600);
    assert.match(house.read("house.env.before-setup"), /^ECOFLOW_CLOUD=off$/m);
    // One client id for setup and daemon: the cloud allows about ten a day.
    assert.equal(new Set(house.cloud.record.clientIds).size, 1);
    assert.deepEqual(house.cloud.record.forbiddenPublishes, []);

    const checked = await house.run("", "check");
    assert.equal(checked.code, 0, checked.stderr);
    const before = await house.run("", "doctor");
    assert.equal(before.code, 1);
    assert.match(
      before.stdout,
      /^WRONG {2}broker: [^]*the daemon\s+does not run; start it:\s+deno task start$/m,
    );

    const [program = "", ...args] = house.command("run");
    const daemon = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
    try {
      const look = await until(
        () => house.run("", "doctor"),
        // The daemon's health follows the station's first reading a moment later.
        ({ stdout }) => /^ok {5}station Study: live/m.test(stdout) && /^ok {5}daemon: /m.test(stdout),
      );
      assert.match(look.stdout, /^ok {5}daemon: /m);
      assert.match(look.stdout, /^ok {5}cloud: up/m);
      assert.match(look.stdout, /^WRONG {2}host nas: would be shut down: no, because it was never heard/m);
      assert.match(look.stdout, /^ok {5}state: .* MB free$/m);
      const list = await house.run("", "devices");
      assert.match(
        list.stdout,
        /^Study +R631SIM000000001 +RIVER 3 Plus +live +\d+ s +100 % +there +study-pc, nas$/m,
      );
      // Two must not be in the cloud with one client id.
      const again = await house.run("", "setup", "--from", file);
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stdout, /the stations are tried after its\s+restart/);
      assert.match(again.stdout, /"nas" has a key already/);
      assertNothingTold(house, look.stdout, list.stdout, again.stdout);
    } finally {
      daemon.kill("SIGTERM");
      await daemon.status;
    }
    const account = await house.run("", "devices", "--cloud");
    assert.match(account.stdout, new RegExp(`^Cellar +${SILENT_SN} +RIVER 3 +\\S+ +no$`, "m"));
  }));

Deno.test("setup --from writes nothing when something does not work, and says what to do", () =>
  inSetupHouse(async (house) => {
    const before = house.read("house.env");
    const refused = async (text: string, wanted: RegExp) => {
      const file = house.write("answers.toml", text);
      const { code, stdout, stderr } = await house.run("", "setup", "--from", file);
      assert.notEqual(code, 0);
      assert.match(stderr, wanted);
      assert.equal(house.read("house.env"), before);
      assert.equal(existsSync(join(house.dir, "credentials")), false);
      assertNothingTold(house, stdout, stderr);
    };
    await refused(
      answers().replace("app pass", "wrong"),
      /Cannot set up: EcoFlow refuses the account: check ECOFLOW_USER/,
    );
    await refused(
      answers('[[station]]\nsn = "R631OTHER0000"\n'),
      /the account does not have R631OTHER0000: it has R631SIM/,
    );
    await refused(
      answers().replace("correct horse battery", "short"),
      /the dashboard's password must have at least 10/,
    );
    await refused(
      answers().replace("POLICY_SOC_MIN = 15", "POLICY_SOC_MIM = 15"),
      /did you mean "POLICY_SOC_MIN"/,
    );
    await refused(answers().replace("[account]", "[account]\nfoo = 1"), /answers\.toml/);
    house.cloud.faults.closeBeforeConnack = true;
    await refused(answers(), /EcoFlow's broker cannot be used: .*another region/s);
    house.cloud.faults.closeBeforeConnack = false;
    house.cloud.faults.rateLimit = true;
    await refused(answers(), /asks too often/);
  }));

Deno.test("setup --from --offline writes without asking anybody", () =>
  inSetupHouse(async (house) => {
    await house.cloud.stop();
    const file = house.write("answers.toml", answers());
    const { code, stdout, stderr } = await house.run("", "setup", "--from", file, "--offline");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Offline: neither the account nor the stations were tried\./);
    assert.match(house.read("house.env"), new RegExp(`^ECOFLOW_DEVICE_LIST=${SN}:${SN}$`, "m"));
    const vague = await house.run("", "setup", "--from", house.write("a.toml", answers("")), "--offline");
    assert.match(vague.stderr, /--offline needs the stations in the file/);
  }));

const WITH_CABLE = 'NUT_SOURCES_JSON={"Rack":{"ups":"r","host":"nas.invalid"}}\n' +
  'DEVICE_TO_AGENTS_JSON={"Rack":["nas"],"Study":["old-pc"]}\n';

Deno.test("setup --from leaves the hosts of a station by cable alone where they are", () =>
  inSetupHouse(async (house) => {
    await house.cloud.stop();
    house.write("house.env", house.read("house.env") + WITH_CABLE);
    const file = house.write("answers.toml", answers().replace(', "nas"', ""));
    const { code, stderr } = await house.run("", "setup", "--from", file, "--offline");
    assert.equal(code, 0, stderr);
    const agents = /^DEVICE_TO_AGENTS_JSON='(.*)'$/m.exec(house.read("house.env"))?.[1] ?? "";
    assert.deepEqual(JSON.parse(agents), { [SN]: ["study-pc"], Rack: ["nas"] });
  }));

Deno.test("setup asks a person for the hosts of a station by cable alone, and proposes those of before", () =>
  inSetupHouse(async (house) => {
    house.write("house.env", house.read("house.env") + WITH_CABLE);
    const typed = ["", ACCOUNT.user, ACCOUNT.pass, "", "1", "", "pc", "", "", "n", "y"];
    const { code, stdout, stderr } = await house.run(`${typed.join("\n")}\n`, "setup");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /Hosts on Rack, with commas \[nas\]/);
    const agents = /^DEVICE_TO_AGENTS_JSON='(.*)'$/m.exec(house.read("house.env"))?.[1] ?? "";
    assert.deepEqual(JSON.parse(agents), { Study: ["pc"], Rack: ["nas"] });
  }));

Deno.test("setup asks a person, and asks again for what does not work", () =>
  inSetupHouse(async (house) => {
    const typed = [
      "",
      ACCOUNT.user,
      "wrong",
      "", // region
      "", // try again: only what was wrong
      "", // the e-mail stays
      ACCOUNT.pass,
      "7", // no such station
      "1",
      "Work room, upstairs", // no comma
      "Work room",
      "study/pc", // no slash
      "study-pc",
      "200", // no charge
      "20",
      "y",
      "short",
      "correct horse battery",
      "not the same",
      "correct horse battery",
      "correct horse battery",
      "y",
    ];
    const { code, stdout, stderr } = await house.run(`${typed.join("\n")}\n`, "setup");
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /WRONG {2}EcoFlow refuses the account/);
    assert.equal(stdout.match(/App account \(1\)/g)?.length, 1, "the kind of account is asked once");
    assert.equal(stdout.match(/Region: find out/g)?.length, 1, "the region is asked once");
    assert.match(stdout, /E-mail of the app account \[me@example\.com\]/);
    assert.match(stdout, /The answer must be numbers from 1 to 2, or all\./);
    assert.match(stdout, /The answer must not contain a comma\./);
    assert.match(stdout, /The answer "study\/pc" must not contain/);
    assert.match(stdout, /These were not the same\./);
    assert.match(stdout, /ok {5}Work room: alive, charge 100 %/);
    assertNothingTold(house, stdout, stderr);
    const env = house.read("house.env");
    assert.match(env, /^DEVICE_TO_AGENTS_JSON='\{"Work room":\["study-pc"\]\}'$/m);
    assert.match(env, /^DASHBOARD_LISTEN=0\.0\.0\.0:8080$/m);
    assert.match(house.read("state/dashboard/password"), /^scrypt\$/);
    const ended = await house.run("", "setup");
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /Cannot set up: there is no answer: the input ended; nothing was written/);
  }));

for (
  const [kind, wrong] of [
    ["credentials_refused", "account"],
    ["key_refused", "account"],
    ["signature_refused", "secret_key"],
    ["closed_early", "region"],
    ["network", "none"],
    [undefined, "none"],
  ] as const
) {
  Deno.test(`wrongAnswerOf() ${kind} is ${wrong}`, () => assert.equal(wrongAnswerOf(kind), wrong));
}

Deno.test("setup whose broker hangs up, as it does with another region's account, asks for the region alone", () =>
  inSetupHouse(async (house) => {
    house.cloud.faults.closeBeforeConnack = true;
    const typed = ["", ACCOUNT.user, ACCOUNT.pass, "", "1", "Study", ""];
    const { stdout } = await house.run(`${typed.join("\n")}\n`, "setup");
    assert.match(stdout, /accounts of\s+another\s+region[^]*Try again[^]*Region: find out/);
    assert.equal(stdout.match(/E-mail of the app account/g)?.length, 1);
  }));

Deno.test("setup at a terminal does not show what is secret", () =>
  inSetupHouse(async (house) => {
    const typed = ["1", ACCOUNT.user, ACCOUNT.pass, "1", "1", "", "none", "", "n", "y", ""].join("\n");
    const shell = house.command("setup").map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(" ");
    const child = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", shell, "/dev/null"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    let shown = "";
    const decoder = new TextDecoder();
    // A person types when asked: what comes earlier would be shown by the terminal itself.
    const answers = typed.split("\n");
    for await (const bytes of child.stdout) {
      shown += decoder.decode(bytes, { stream: true });
      if (!/: $/.test(shown)) continue;
      const answer = answers.shift();
      if (answer !== undefined) await writer.write(new TextEncoder().encode(`${answer}\n`));
      shown += "\u0000";
    }
    await writer.close().catch(() => {});
    assert.equal((await child.status).code, 0, shown);
    assert.match(shown, /Password \(not shown\): /);
    assert.match(shown, /me@example\.com/);
    assertNothingTold(house, shown);
    assert.equal(house.read("credentials/ecoflow_pass"), `${ACCOUNT.pass}\n`);
  }));

async function until<T>(look: () => Promise<T>, isSo: (value: T) => boolean): Promise<T> {
  let last = await look();
  for (let tries = 0; !isSo(last) && tries < 60; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    last = await look();
  }
  return last;
}
