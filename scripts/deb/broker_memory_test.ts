import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../simulate/mosquitto.ts";
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
    name: "a file that is cut short",
    mode: "ended",
    result: "exit-code",
    status: "1",
    journal: "1795987410: Error: No such process.\n1795987410: Error: Couldn't open database.\n",
    isPutAside: true,
  },
  {
    name: "a file that is cut short, when systemd has given up",
    mode: "refused",
    journal: "1795987410: Error: Couldn't open database.\n",
    isPutAside: true,
  },
  {
    name: "another error, after a run in which it was stored",
    mode: "ended",
    result: "exit-code",
    status: "1",
    log:
      "1: mosquitto version 2.0.21 terminating\n1: Saving in-memory database to /var/lib/mosquitto//mosquitto.db.\n",
    journal: "2: Error: Address already in use\n",
    isPutAside: false,
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

Deno.test(
  "broker-memory blames the file for whatever a real Mosquitto says of one that is cut, short or noise in its second part",
  {
    ignore: Deno.build.os === "windows",
  },
  async () => {
    const root = Deno.makeTempDirSync();
    try {
      for (const dir of ["data", "bin"]) mkdirSync(join(root, dir));
      const [conf, db, said] = [join(root, "c.conf"), join(root, "data/mosquitto.db"), join(root, "said")];
      const port = freePort();
      writeFileSync(
        conf,
        `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location ${root}/data/\n` +
          `user ${Deno.uid() === 0 ? "root" : "nobody"}\nlog_dest stderr\n`,
      );
      writeFileSync(join(root, "bin/journalctl"), `#!/bin/sh\ntail -n 3 '${said}'\n`, { mode: 0o755 });
      writeFileSync(
        join(root, "bin/systemctl"),
        "#!/bin/sh\ncase $* in *ActiveEnter*) echo 50;; *ExecMainStart*) echo 100;; esac\n",
        { mode: 0o755 },
      );
      const start = () =>
        new Deno.Command("mosquitto", { args: ["-c", conf], stderr: "piped", stdout: "null" }).spawn();
      // A real memory: retained messages.
      const first = start();
      await untilOpen(port);
      for (const topic of ["a", "b", "c"]) {
        const args = ["-p", String(port), "-r", "-q", "1", "-t", topic, "-m", "kept ".repeat(9)];
        assert.ok((await new Deno.Command("mosquitto_pub", { args }).output()).success);
      }
      first.kill("SIGTERM");
      await first.stderr.cancel();
      await first.status;
      const whole = Deno.readFileSync(db);
      let refused = 0;
      for (let cut = 20; cut < whole.length; cut += 23) {
        for (const rest of [new Uint8Array(0), crypto.getRandomValues(new Uint8Array(whole.length - cut))]) {
          writeFileSync(db, new Uint8Array([...whole.subarray(0, cut), ...rest]));
          const tried = start();
          const limit = setTimeout(() => tried.kill("SIGKILL"), 400);
          const [text, { code, signal }] = await Promise.all([
            new Response(tried.stderr).text(),
            tried.status,
          ]);
          clearTimeout(limit);
          // It took the file, as far as that went.
          if (signal === "SIGKILL") continue;
          refused++;
          writeFileSync(said, text);
          const { success } = await new Deno.Command("sh", {
            args: [SCRIPT, "ended"],
            env: {
              BROKER_CONF: conf,
              PATH: `${root}/bin:/usr/bin:/bin`,
              SERVICE_RESULT: signal === null ? "exit-code" : "core-dump",
              EXIT_STATUS: signal?.replace("SIG", "") ?? String(code),
            },
          }).output();
          assert.ok(success);
          assert.ok(!readdirSync(join(root, "data")).includes("mosquitto.db"), `cut at ${cut}: ${text}`);
        }
      }
      assert.ok(refused >= 5, `${refused} of the cuts were refused`);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  },
);

async function untilOpen(port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return (await Deno.connect({ port })).close();
    } catch (error) {
      if (tries > 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
