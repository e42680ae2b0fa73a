/** Mosquitto's part and the daemon's part, put together by the package's script from whatever a configuration may look like. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readEnvFile } from "../../lib/config/env_file.ts";

const SCRIPT = fileURLToPath(new URL("broker-parts", import.meta.url));
const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const ENV = "etc/ecoflow-power/ecoflow-power.env";
const DROP_IN = "etc/mosquitto/conf.d/ecoflow-power.conf";
const BASE = "STATE_DIR=/tmp\nECOFLOW_CLOUD=off\n";
const EXAMPLES = "#MQTT_HOST=127.0.0.1\n#MQTT_USER=ecoflow-power\n";
const OURS = "MQTT_HOST=127.0.0.1\nMQTT_USER=ecoflow-power\n";

interface Row {
  readonly name: string;
  readonly env: string;
  /** Mosquitto is installed; true when absent. */
  readonly hasMosquitto?: boolean;
  /** Other files below the root. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the daemon then reads as `MQTT_HOST` and `MQTT_USER`. */
  readonly wanted: readonly [host: string | undefined, user: string | undefined];
  /** Whether Mosquitto's part is made; true when absent. */
  readonly isMade?: boolean;
}

const rows: readonly Row[] = [
  { name: "the package's own, fresh", env: `${BASE}${EXAMPLES}`, wanted: ["127.0.0.1", "ecoflow-power"] },
  { name: "without the examples", env: BASE, wanted: ["127.0.0.1", "ecoflow-power"] },
  {
    name: "one example alone, and no line end at the end",
    env: `${BASE}#MQTT_HOST=127.0.0.1\nPOLICY_SOC_MIN=15`,
    wanted: ["127.0.0.1", "ecoflow-power"],
  },
  { name: "a host that is empty", env: `${BASE}MQTT_HOST=\n`, wanted: ["127.0.0.1", "ecoflow-power"] },
  {
    name: "host and user that are empty, one in quotes, beside the examples",
    env: `${BASE}${EXAMPLES}MQTT_HOST=""\nexport MQTT_USER= # none\n`,
    wanted: ["127.0.0.1", "ecoflow-power"],
  },
  {
    name: "the examples twice, as an owner's line that was put aside leaves them",
    env: `${BASE}${EXAMPLES}${EXAMPLES}`,
    wanted: ["127.0.0.1", "ecoflow-power"],
  },
  { name: "ours, whole", env: `${BASE}${OURS}`, wanted: ["127.0.0.1", "ecoflow-power"] },
  {
    name: "ours, with comments behind the values",
    env: `${BASE}MQTT_HOST=127.0.0.1 # here\nMQTT_USER=ecoflow-power\t# us\n`,
    wanted: ["127.0.0.1", "ecoflow-power"],
  },
  {
    name: "ours, in quotes and with a comment",
    env: `${BASE}MQTT_HOST="LocalHost"  # here\nexport MQTT_USER='ecoflow-power'\n`,
    wanted: ["LocalHost", "ecoflow-power"],
  },
  {
    name: "ours, by IPv6",
    env: `${BASE}MQTT_HOST=::1\nMQTT_USER=ecoflow-power\n`,
    wanted: ["::1", "ecoflow-power"],
  },
  {
    name: "ours, with a drop-in of zeros",
    env: `${BASE}${OURS}`,
    files: { [DROP_IN]: "\0".repeat(200) },
    wanted: ["127.0.0.1", "ecoflow-power"],
  },
  {
    name: "ours, with an empty drop-in",
    env: `${BASE}${OURS}`,
    files: { [DROP_IN]: "" },
    wanted: ["127.0.0.1", "ecoflow-power"],
  },
  {
    name: "a broker elsewhere",
    env: `${BASE}MQTT_HOST=nas.local\n`,
    wanted: ["nas.local", undefined],
    isMade: false,
  },
  {
    name: "a user of the owner's",
    env: `${BASE}MQTT_HOST=127.0.0.1\nMQTT_USER=me # ecoflow-power\n`,
    wanted: ["127.0.0.1", "me"],
    isMade: false,
  },
  {
    name: "a port for the broker inside",
    env: `${BASE}MQTT_EMBEDDED_PORT=1884\n`,
    wanted: [undefined, undefined],
    isMade: false,
  },
  {
    name: "a Mosquitto with its owner's listener",
    env: `${BASE}${EXAMPLES}`,
    files: { "etc/mosquitto/conf.d/own.conf": "listener 1884\n" },
    wanted: [undefined, undefined],
    isMade: false,
  },
  {
    name: "ours, and Mosquitto is gone",
    env: `${BASE}  export MQTT_HOST = "127.0.0.1" # here\nMQTT_USER=ecoflow-power\nPOLICY_SOC_MIN=15`,
    hasMosquitto: false,
    wanted: [undefined, undefined],
    isMade: false,
  },
];

/** Below a root of its own, with stand-ins for what only a system has. */
function inRoot(
  row: Pick<Row, "env" | "hasMosquitto" | "files">,
  run: (root: string, start: () => string) => void,
) {
  const root = Deno.makeTempDirSync();
  const put = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
  };
  try {
    put(ENV, row.env, 0o640);
    put("etc/mosquitto/mosquitto.conf", "persistence true\n");
    put("etc/mosquitto/conf.d/README", "");
    put(
      "usr/share/ecoflow-power/mosquitto.conf",
      readFileSync(new URL("../../systemd/mosquitto.conf", import.meta.url), "utf8"),
    );
    if (row.hasMosquitto ?? true) put("usr/sbin/mosquitto", "#!/bin/sh\n", 0o755);
    put(
      "usr/bin/ecoflow-power",
      `#!/bin/sh\nexec '${Deno.execPath()}' run --quiet --allow-all '${MAIN}' "$@" --root '${root}' --name pi\n`,
      0o755,
    );
    // Whoever runs the tests need not be root.
    for (const name of ["getent", "chown", "chgrp"]) put(`bin/${name}`, "#!/bin/sh\n", 0o755);
    put("bin/install", '#!/bin/sh\n[ "$1" = -d ] && exec mkdir -p "$8"\nexec /usr/bin/install "$@"\n', 0o755);
    for (const [path, text] of Object.entries(row.files ?? {})) put(path, text);
    const start = () => {
      const { success, stdout, stderr } = new Deno.Command("sh", {
        args: [SCRIPT, "start"],
        env: { ROOT: root, PATH: `${root}/bin:/usr/bin:/bin` },
      }).outputSync();
      const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.ok(success, said);
      return said;
    };
    run(root, start);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

for (const row of rows) {
  Deno.test(
    `broker-parts: ${row.name}`,
    { ignore: Deno.build.os === "windows" },
    () =>
      inRoot(row, (root, start) => {
        start();
        const text = readFileSync(join(root, ENV), "utf8");
        const { values, problems } = readEnvFile(text, "it");
        assert.deepEqual(problems, [], text);
        assert.deepEqual([values.MQTT_HOST, values.MQTT_USER], row.wanted, text);
        // What else is in it stays.
        const others = (one: string) => {
          const { MQTT_HOST: _host, MQTT_USER: _user, ...rest } = readEnvFile(one, "it").values;
          return rest;
        };
        assert.deepEqual(others(text), others(row.env));
        const isMade = row.isMade ?? true;
        assert.equal(existsSync(join(root, "etc/mosquitto/ecoflow-power/server.pem")), isMade);
        if (isMade) assert.match(readFileSync(join(root, DROP_IN), "utf8"), /^listener 8883$/m);
        // And then it rests.
        start();
        assert.equal(readFileSync(join(root, ENV), "utf8"), text);
      }),
  );
}

for (const [name, damaged] of [["empty", ""], ["zeros", "\0".repeat(300)], ["blanks", " \n\n"]] as const) {
  Deno.test(
    `broker-parts: a configuration that a cut of power left as ${name} is again as it was at the last start`,
    {
      ignore: Deno.build.os === "windows",
    },
    () =>
      inRoot({ env: `${BASE}${EXAMPLES}POLICY_SOC_MIN=15\n` }, (root, start) => {
        start();
        start();
        const good = readFileSync(join(root, ENV), "utf8");
        writeFileSync(join(root, ENV), damaged);
        assert.match(start(), /as after a cut of power: it is again as it was at the last start/);
        assert.equal(readFileSync(join(root, ENV), "utf8"), good);
        assert.match(good, /^POLICY_SOC_MIN=15$/m);
        assert.equal(statSync(join(root, ENV)).mode & 0o777, 0o640);
      }),
  );

  Deno.test(`broker-parts: a password of the daemon's that a cut of power left as ${name} is made anew`, {
    ignore: Deno.build.os === "windows",
  }, () =>
    inRoot({ env: `${BASE}${OURS}` }, (root, start) => {
      start();
      const secret = join(root, "etc/ecoflow-power/credentials/mqtt_pass");
      writeFileSync(secret, damaged);
      start();
      assert.match(readFileSync(secret, "utf8"), /^[\w-]{43}\n$/);
    }));
}
