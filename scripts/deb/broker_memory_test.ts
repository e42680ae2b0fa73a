import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("broker-memory", import.meta.url));
const HEAD = new Uint8Array([0x00, 0xb5, 0x00, ...new TextEncoder().encode("mosquitto db")]);
const ASSERTION =
  "mosquitto: ./src/persist_read.c:554: persist__restore_sub: Assertion `client_id' failed.\n";

interface Row {
  readonly name: string;
  /** Of the script; none: it looks at the file's head. */
  readonly mode?: "ended" | "refused";
  /** What systemd says of Mosquitto's end. */
  readonly result?: string;
  readonly status?: string;
  /** Whether it was up since its last start. */
  readonly isUp?: boolean;
  readonly log?: string;
  readonly journal?: string;
  readonly file?: "whole" | "zeros";
  readonly isPutAside: boolean;
}

const rows: readonly Row[] = [
  { name: "a whole file, before a start", isPutAside: false },
  { name: "zeros, before a start", file: "zeros", isPutAside: true },
  {
    name: "an assertion while it read the file, told by the journal alone",
    mode: "ended",
    result: "core-dump",
    status: "ABRT",
    journal: ASSERTION,
    isPutAside: true,
  },
  {
    name: "a crash before it ran, without a word",
    mode: "ended",
    result: "signal",
    status: "SEGV",
    isPutAside: true,
  },
  {
    name: "an error that the log blames on the file",
    mode: "ended",
    result: "exit-code",
    status: "3",
    log: `5: Error restoring persistent database, unrecognised file format.\n`,
    isPutAside: true,
  },
  {
    name: "a crash while it ran",
    mode: "ended",
    result: "signal",
    status: "SEGV",
    isUp: true,
    isPutAside: false,
  },
  {
    name: "killed before it ran",
    mode: "ended",
    result: "signal",
    status: "KILL",
    isPutAside: false,
  },
  {
    name: "an error of the configuration",
    mode: "ended",
    result: "exit-code",
    status: "3",
    journal: "Error: Unknown configuration variable\n",
    isPutAside: false,
  },
  {
    name: "a stop in order",
    mode: "ended",
    result: "success",
    status: "0",
    isUp: true,
    journal: "restored\n",
    isPutAside: false,
  },
  {
    name: "refused for good, and the journal blames it",
    mode: "refused",
    journal: ASSERTION,
    isPutAside: true,
  },
  {
    name: "refused for good for another reason",
    mode: "refused",
    journal: "Error: Address already in use\n",
    isPutAside: false,
  },
];

for (const { name, mode, result, status, isUp, log, journal, file, isPutAside } of rows) {
  Deno.test(`broker-memory: ${name}: the memory is ${isPutAside ? "put aside, and told" : "left"}`, {
    ignore: Deno.build.os === "windows",
  }, () => {
    const root = Deno.makeTempDirSync();
    try {
      const store = join(root, "var/lib/mosquitto");
      for (const dir of [store, join(root, "var/log/mosquitto"), join(root, "bin")]) {
        mkdirSync(dir, { recursive: true });
      }
      writeFileSync(join(store, "mosquitto.db"), file === "zeros" ? new Uint8Array(400) : HEAD);
      writeFileSync(join(root, "var/log/mosquitto/mosquitto.log"), log ?? "");
      writeFileSync(join(root, "journal"), journal ?? "");
      writeFileSync(join(root, "bin/journalctl"), `#!/bin/sh\ncat '${root}/journal'\n`, { mode: 0o755 });
      writeFileSync(
        join(root, "bin/systemctl"),
        `#!/bin/sh\ncase $* in *ActiveEnter*) echo ${isUp ? 200 : 50};; *ExecMainStart*) echo 100;; esac\n`,
        { mode: 0o755 },
      );
      const { success, stdout } = new Deno.Command("sh", {
        args: [SCRIPT, ...(mode ? [mode] : [])],
        env: {
          ROOT: root,
          PATH: `${root}/bin:/usr/bin:/bin`,
          ...(result ? { SERVICE_RESULT: result, EXIT_STATUS: status ?? "" } : {}),
        },
      }).outputSync();
      assert.ok(success);
      const names = readdirSync(store);
      assert.equal(names.includes("mosquitto.db"), !isPutAside, names.join());
      assert.equal(names.some((one) => one.startsWith("mosquitto.db.refused-")), isPutAside, names.join());
      assert.equal(new TextDecoder().decode(stdout).includes("BROKER MEMORY SET ASIDE"), isPutAside);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  });
}

Deno.test(
  "broker-memory looks where a container's one configuration says, and compose.yaml has it do so before each start",
  {
    ignore: Deno.build.os === "windows",
  },
  () => {
    const root = Deno.makeTempDirSync();
    try {
      const conf = join(root, "mosquitto.conf");
      mkdirSync(join(root, "data"));
      writeFileSync(conf, `persistence true\npersistence_location ${root}/data/\nlog_dest stdout\n`);
      const look = () => {
        const { success, stdout } = new Deno.Command("sh", { args: [SCRIPT], env: { BROKER_CONF: conf } })
          .outputSync();
        assert.ok(success);
        return new TextDecoder().decode(stdout);
      };
      assert.equal(look(), "");
      writeFileSync(join(root, "data/mosquitto.db"), HEAD);
      assert.equal(look(), "");
      for (const text of [new Uint8Array(400), new Uint8Array(0), HEAD.subarray(0, 8)]) {
        writeFileSync(join(root, "data/mosquitto.db"), text);
        assert.match(look(), /BROKER MEMORY SET ASIDE/);
        assert.ok(!readdirSync(join(root, "data")).includes("mosquitto.db"));
      }
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
    const own = (path: string) => Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
    assert.match(
      own("compose.yaml"),
      /sh \/etc\/mosquitto\/ecoflow-power\/broker-memory; exec \/usr\/sbin\/mosquitto -c \$\$BROKER_CONF"/,
    );
    assert.match(own("Dockerfile"), /COPY .*scripts\/deb\/broker-memory \/usr\/lib\/ecoflow-power\//);
    assert.match(own("scripts/deb/container-files"), /install .*broker-memory "\$dir\/broker-memory"/);
    // What holds secrets in a checkout comes into no image.
    for (const name of [".env", "credentials", "state"]) {
      assert.ok(
        own(".dockerignore").split("\n").includes(name),
        name,
      );
    }
  },
);
