/** Mistakes that show only while the daemon runs, each played for real: its log, `doctor` and the page must name the cure. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { connect } from "node:net";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { IDLE_ON_GRID, stationEncoder } from "../../proto/encode_station.ts";
import { startCloud } from "../../scripts/simulate/cloud/cloud.ts";
import { freePort, startMosquitto } from "../../scripts/simulate/mosquitto.ts";
import { startDaemonProcess } from "../../scripts/simulate/processes.ts";
import type { BrokerUser } from "../../services/broker_access.ts";
import { ACCOUNT, inMistakenHouse, type MistakenHouse, type Scene } from "./testdata/mistaken_house.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const SN = "R631SIM000000001";
const LOGIN = [`ECOFLOW_USER=${ACCOUNT.user}`, `ECOFLOW_PASS=${ACCOUNT.pass}`];
const STUDY = [`ECOFLOW_DEVICE_LIST=${SN}:Study`, 'DEVICE_TO_AGENTS_JSON={"Study":["pc"]}'];
const DAY_MS = 86_400_000;
const TAKEN = takenPort();
const encoder = await stationEncoder("RIVER 3 Plus", SN);
const STATION = {
  sn: SN,
  name: "Study",
  productName: "",
  family: "protobuf",
  getAllReply: () => encoder.reply(IDLE_ON_GRID),
} as const;
const NUT_PORT = freePort();
const NUT_FILE =
  `allow = ["127.0.0.1"]\n[[user]]\nname = "monuser"\npassword = "right-one"\n[[ups]]\nname = "ups"\n` +
  `device = "Study"\nhost = "nas"\n`;

/** Until this process ends. */
function takenPort(): { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.unref();
  return { port: listener.addr.port };
}

/** Name as in docs/mistakes.md, the house, what each must say; `act` plays what somebody else does. */
interface Row {
  readonly name: string;
  readonly house: MistakenHouse;
  readonly act?: (scene: Scene) => Promise<void>;
  readonly doctor: RegExp;
  readonly log?: RegExp;
  readonly page?: RegExp;
}

/** A mistake with the account or on the way to the cloud: all three say the same sentence. */
const cloudRow = (name: string, wanted: RegExp, house: MistakenHouse): Row => ({
  name,
  house,
  doctor: new RegExp(`WRONG cloud: .*${wanted.source}`),
  log: new RegExp(`CLOUD FAULT.*${wanted.source}`),
  page: wanted,
});

const rows: readonly Row[] = [
  cloudRow("a wrong password", /check ECOFLOW_USER and ECOFLOW_PASS/, {
    env: [LOGIN[0] ?? "", "ECOFLOW_PASS=not-it"],
    cloud: {},
  }),
  cloudRow("an account of Google or Apple", /Google or Apple have no password: set one in the app/, {
    env: ["ECOFLOW_USER=me@gmail.example", "ECOFLOW_PASS=my-google-password"],
    cloud: {},
  }),
  cloudRow("a wrong developer key", /check ECOFLOW_ACCESS_KEY/, {
    env: ["ECOFLOW_ACCESS_KEY=AAAAAAAAAAAAAAAA", "ECOFLOW_SECRET_KEY=BBBBBBBBBBBBBBBB"],
    cloud: { open: { accessKey: "another", secretKey: "another" } },
  }),
  cloudRow("no network", /check the internet connection and DNS/, {
    env: LOGIN,
    cloud: {},
    apiHost: `127.0.0.1:${freePort()}`,
  }),
  cloudRow("a clock that is years off", /check this machine's clock/, {
    env: LOGIN,
    cloud: { apiCertificate: { notBeforeMs: Date.now() - 9 * DAY_MS, notAfterMs: Date.now() - DAY_MS } },
  }),
  {
    name: "a wrong serial number, or a sold station",
    house: {
      env: [...LOGIN, "ECOFLOW_DEVICE_LIST=R631SIM000000007:Study", 'DEVICE_TO_AGENTS_JSON={"Study":["pc"]}'],
      cloud: { stations: [STATION] },
    },
    doctor:
      /WRONG station Study: the account has no station with .*did you mean "R631SIM000000001".*correct ECOFLOW_DEVICE_LIST/,
    log: /STATION NOT IN THE ACCOUNT: check the serial number/,
    page: /correct ECOFLOW_DEVICE_LIST/,
  },
  {
    name: "a station without power or Wi-Fi",
    house: { env: [...LOGIN, ...STUDY], cloud: { stations: [{ ...STATION, getAllReply: () => undefined }] } },
    doctor: /WRONG station Study: has said nothing .*check its power and Wi-Fi/,
    page: /No fresh reading from Study/,
  },
  {
    name: "an agent that was never installed",
    house: {
      env: [...LOGIN, ...STUDY],
      cloud: { stations: [STATION] },
      prepare: ({ dir }) => withKey(join(dir, "state")),
    },
    doctor:
      /ok station Study: live.*WRONG host pc: would be shut down: no, because it was never heard, and no other computer can be: .* set MQTT_HOST .*run there: ecoflow-agent pair/,
  },
  {
    name: "two hosts with one name, as after a copied disk",
    house: { env: STUDY, prepare: ({ dir }) => withKey(join(dir, "state")) },
    act: speakAsTwins,
    doctor: /"pc" is the name of two hosts, as after a disk was copied: give one another name and key/,
    log: /TWO HOSTS WITH ONE NAME agent=pc/,
    page: /is the name of two hosts/,
  },
  {
    name: "a wrong NUT password",
    house: {
      env: [...STUDY, "NUT_CONFIG_FILE=DIR/nut.toml", "NUT_LISTEN_HOST=127.0.0.1", `NUT_PORT=${NUT_PORT}`],
      prepare: ({ dir }) => writeFileSync(join(dir, "nut.toml"), NUT_FILE, { mode: 0o600 }),
    },
    act: async (scene) => {
      await scene.logSays(/NUT SERVER LISTENS/);
      await logInWrongly();
    },
    doctor:
      /WRONG host nas: would be shut down: no, because its NUT client was refused: .*the password is wrong: correct that/,
    log: /LOGIN REFUSED user=monuser.*why="the password is wrong"/,
    page: /NUT client of nas .*the password is wrong/,
  },
  {
    name: "two daemons on one machine",
    house: { env: STUDY },
    act: async ({ envFile, dir }) => {
      const second = startDaemonProcess({ envFile, stateDir: join(dir, "state") });
      assert.equal(await second.ended, 1);
      assert.match(
        second.lines.join("\n"),
        /ANOTHER DAEMON USES THE STATE DIRECTORY: end it, or give .*STATE_DIR/,
      );
    },
    doctor: /ok whose daemon: process \d+ .*WRONG station Study/,
  },
  {
    name: "a port that is taken",
    house: { env: [], pagePort: TAKEN.port },
    doctor:
      /WRONG dashboard: another program listens at .*end it, or choose another port.*WRONG daemon: dashboard is restarting/,
    log:
      /SERVICE FAILED service=dashboard reason="Cannot start the dashboard .*another program listens there .*DASHBOARD_LISTEN/,
  },
];

for (const { name, house, act, doctor, log, page } of rows) {
  Deno.test(`played mistake: ${name}: the cure is named`, () =>
    inMistakenHouse(house, async (scene) => {
      assert.ok(await scene.daemon.until(/ READY$/), scene.daemon.lines.join("\n"));
      await act?.(scene);
      if (log) await scene.logSays(log);
      await scene.doctorSays(doctor);
      if (page) await scene.pageSays(page);
    }));
}

Deno.test("played mistake: another region, of two: the cure is named, and it is one", async () => {
  const wanted = /put the host of your region first in ECOFLOW_API_HOSTS/;
  // Both know the account; its stations live in one, and the other's broker hangs up.
  const home = await startCloud({ ...ACCOUNT, stations: [STATION] });
  try {
    await inMistakenHouse({
      env: [...LOGIN, ...STUDY],
      cloud: {},
      prepare: ({ cloud }) => {
        if (cloud) cloud.faults.closeBeforeConnack = true;
      },
    }, async (scene) => {
      await scene.logSays(new RegExp(`CLOUD FAULT.*${wanted.source}`));
      await scene.doctorSays(new RegExp(`WRONG cloud: .*${wanted.source}`));
      await scene.pageSays(wanted);
      assert.equal(home.record.logIns, 0);
      await scene.restartWith((env) =>
        env.replace(/^ECOFLOW_API_HOSTS=/m, `$&${home.apiHost},`)
          .replace(/^ECOFLOW_BROKER_HOSTS=/m, `$&${home.brokerHost},`), home.caPem);
      await scene.doctorSays(/ok cloud: up.*ok station Study: live/);
      await scene.pageSays(/"link":"up"/);
    });
  } finally {
    await home.stop();
  }
});

/** A house that is configured to be "house" at a real Mosquitto, which knows this user. */
async function atMosquitto(
  env: readonly string[],
  user: BrokerUser,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const mosquitto = await startMosquitto({ users: [{ ...user, password: "pass-word" }] });
  const broker = [
    "MQTT_HOST=127.0.0.1",
    `MQTT_PORT=${mosquitto.port}`,
    "MQTT_USER=house",
    "MQTT_PASS=pass-word",
  ];
  try {
    await inMistakenHouse({ env, broker }, play);
  } finally {
    await mosquitto.stop();
  }
}

Deno.test("played mistake: a broker without rights: the cure is named", () =>
  atMosquitto(
    STUDY,
    { username: "house", publishes: ["x/#"], subscribes: ["power-manager/#"] },
    async (scene) => {
      await scene.logSays(
        /BROKER REFUSES action=publish topic=power-manager\/pc\/cmd .*A SHUTDOWN DOES NOT REACH pc/,
      );
      await scene.logSays(/advice="give the broker's user house this line in its access list: ..topic write/);
      await scene.doctorSays(
        /WRONG daemon: runs \(process \d+\), but the broker has nothing from it.*may not write/,
      );
      await scene.pageSays(/The broker delivers nothing from the daemon itself/);
    },
  ));

Deno.test("played mistake: somebody else's broker: the cure is named", () =>
  atMosquitto([], { username: "somebody", publishes: ["#"], subscribes: ["#"] }, async (scene) => {
    await scene.logSays(/BROKER DOWN reason=".*Not authorized/);
    const said = await scene.doctorSays(/WRONG broker: .*Not authorized.*see MQTT_USER and MQTT_PASS/);
    assert.doesNotMatch(said, /does not run|another program/);
    await scene.pageSays(/The broker in the house cannot be reached/);
  }));

Deno.test("played mistake: another broker at the port of the broker inside: the cure is named", async () => {
  const mosquitto = await startMosquitto();
  try {
    await inMistakenHouse({ env: STUDY, broker: [`MQTT_EMBEDDED_PORT=${mosquitto.port}`] }, async (scene) => {
      await scene.logSays(
        /SERVICE FAILED service=broker_link .*another program listens there.*MQTT_EMBEDDED_PORT/,
      );
      const said = await scene.doctorSays(
        /WRONG broker: the daemon's own broker cannot be there: .* set MQTT_EMBEDDED_PORT .*MQTT_HOST.*WRONG daemon: runs \(process/,
      );
      assert.doesNotMatch(said, /MQTT_USER|does not run/);
      await scene.pageSays(/The broker in the house cannot be reached/);
    });
  } finally {
    await mosquitto.stop();
  }
});

Deno.test("played mistake: a cut of power that leaves a daemon's word at the broker: it is not believed", async () => {
  const mosquitto = await startMosquitto();
  const broker = ["MQTT_HOST=127.0.0.1", `MQTT_PORT=${mosquitto.port}`];
  try {
    await inMistakenHouse({ env: STUDY, broker }, async (scene) => {
      assert.ok(await scene.daemon.until(/ READY$/), scene.daemon.lines.join("\n"));
      await scene.doctorSays(/ok whose daemon: process/);
      await mosquitto.goDown();
      await scene.daemon.kill();
      await mosquitto.goUp();
      const said = await scene.doctorSays(/WRONG daemon: does not run; start it/);
      assert.doesNotMatch(said, /whose daemon|ok daemon|ok cloud/);
    });
  } finally {
    await mosquitto.stop();
  }
});

Deno.test("played mistake: somebody else's daemon at this broker: nothing is judged by it, and nobody is drilled", () =>
  inMistakenHouse({ env: STUDY }, async (scene) => {
    assert.ok(await scene.daemon.until(/ READY$/), scene.daemon.lines.join("\n"));
    const other = join(scene.dir, "other.env");
    const text = readFileSync(scene.envFile, "utf8").replace(
      /^STATE_DIR=.*$/m,
      `STATE_DIR=${join(scene.dir, "other")}`,
    );
    writeFileSync(other, text, { mode: 0o600 });
    for (const args of [["devices"], ["drill", "--all"], ["feed"], ["doctor"]]) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-check", "-A", MAIN, ...args, "--env", other],
      }).output();
      const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("").replaceAll(
        /\s+/g,
        " ",
      );
      assert.equal(code, 1, said);
      assert.match(said, /the daemon that answers is another one .*--env FILE, or end one of the two/);
    }
    assert.doesNotMatch(scene.daemon.lines.join("\n"), /DRILL BEGINS|SIMULATION BEGINS/);
  }));

/** A directory on a file system of 64 KB; undefined where none may be mounted. Ends with {@link removeTiny}. */
function makeTiny(): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const dir = Deno.makeTempDirSync();
  const args = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", dir];
  if (new Deno.Command("mount", { args, stderr: "null" }).outputSync().success) return dir;
  Deno.removeSync(dir);
}

function removeTiny(dir: string): void {
  new Deno.Command("umount", { args: [dir] }).outputSync();
  Deno.removeSync(dir);
}

function canMount(): boolean {
  const dir = makeTiny();
  if (dir !== undefined) removeTiny(dir);
  return dir !== undefined;
}

Deno.test({
  name: "played mistake: a full disk: the cure is named",
  ignore: !canMount(),
  fn: async () => {
    const tiny = makeTiny();
    assert.ok(tiny);
    try {
      // Every page of it, so that not one line more can be stored.
      assert.throws(() => Deno.writeFileSync(join(tiny, "other"), new Uint8Array(1 << 17)), /space/i);
      await inMistakenHouse({ env: [], stateDir: tiny }, async (scene) => {
        await scene.logSays(/SNAPSHOT NOT STORED reason="No space left on device/);
        await scene.doctorSays(/WRONG state: .* 0 MB free: make room.*ok whose daemon/);
        await scene.pageSays(/No space left on device/);
      });
    } finally {
      removeTiny(tiny);
    }
  },
});

Deno.test("docs/mistakes.md has a row for each mistake that is played", () => {
  const text = readFileSync(new URL("../../docs/mistakes.md", import.meta.url), "utf8");
  const names = [
    ...rows.map(({ name }) => name),
    "another region",
    "a broker without rights",
    "somebody else's broker",
    "another broker at the port of the broker inside",
    "a cut of power that leaves a daemon's word at the broker",
    "somebody else's daemon at this broker",
    "a full disk",
  ];
  assert.deepEqual(names.filter((name) => !text.includes(`| ${name} |`)), []);
});

function withKey(stateDir: string): void {
  writeFileSync(join(stateDir, "agent_keys.json"), JSON.stringify({ pc: "ab".repeat(32) }), { mode: 0o600 });
}

/** Two machines that answer to one name, each with a boot of its own. */
async function speakAsTwins({ enter }: Scene): Promise<void> {
  const twins = [await enter("one"), await enter("other")] as const;
  for (let word = 0; word < 6; word++) {
    const which = word % 2;
    const status = { agent: "pc", online: true, hostname: `pc-${which}`, boot_id: `${which}`.repeat(8) };
    await twins[which === 0 ? 0 : 1].publish(
      "power-manager/pc/status",
      JSON.stringify({ ...status, ts: new Date().toISOString() }),
      { qos: 1, retain: true },
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function logInWrongly(): Promise<void> {
  return new Promise((resolve, reject) => {
    const client = connect(NUT_PORT, "127.0.0.1");
    client.on("error", reject);
    client.on("close", () => resolve()).resume();
    client.write("USERNAME monuser\nPASSWORD wrong-one\nLOGIN ups\nLOGOUT\n");
  });
}
