/** `scripts/deploy` against a host that is made of stand-ins: what it installs, and what a lost connection leaves there. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("deploy", import.meta.url));

/** A host: `mode` of the connection, and whether the new package comes to READY. */
function hostIn(dir: string, { isLost, isHealthy }: { isLost: boolean; isHealthy: boolean }) {
  const put = (name: string, text: string) =>
    writeFileSync(join(dir, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  mkdirSync(join(dir, "bin"));
  mkdirSync(join(dir, "tmp"));
  const seen = join(dir, "installed");
  // What comes after options and host is what the other side runs. A lost connection: what was shown is cut off in the middle.
  put(
    "ssh",
    `while [ "$1" = -o ]; do shift 2; done; shift; line="$*"
case $line in *install.sh\\ */*) if [ ${isLost} = true ]; then sh -c "$line" >/dev/null & sleep 1; kill $!; exit 255; fi;; esac
exec sh -c "$line"`,
  );
  put("mktemp", `exec /usr/bin/mktemp -d ${dir}/tmp/XXXXXX`);
  put("sudo", 'shift; exec "$@"');
  put("dpkg", `case $1 in --print-architecture) echo arm64;; -i) sleep 2; basename "$2" >>${seen};; esac`);
  put(
    "dpkg-deb",
    `case "$*" in *Package) echo ecoflow-power;; *Architecture) echo arm64;; *Version) echo 2;; *--build*) for last; do :; done; : >"$last";; esac`,
  );
  put("dpkg-query", `case $1 in -W) printf 1;; -s) printf 'Package: ecoflow-power\\n';; esac`);
  put("systemctl", `case "$*" in is-active*) echo active;; *MainPID*) echo 7;; esac`);
  put("journalctl", "");
  put("ecoflow-power", `[ ${isHealthy} = true ] || grep -q old ${seen} && echo 'ok     daemon: well'`);
  const deb = join(dir, "new.deb");
  writeFileSync(deb, "a package");
  const deploy = () =>
    new Deno.Command(SCRIPT, {
      args: ["me@pi", "--deb", deb],
      env: {
        PATH: `${dir}/bin:/usr/bin:/bin`,
        ECOFLOW_DEPLOY_LOG: join(dir, "log"),
        ECOFLOW_HEALTHY_WITHIN: "2",
        ECOFLOW_CALM_FOR: "0",
      },
      stdin: "null",
    }).output();
  return { deploy, installed: () => existsSync(seen) ? readFileSync(seen, "utf8").trim().split("\n") : [] };
}

async function withHost(
  what: Parameters<typeof hostIn>[1],
  run: (host: ReturnType<typeof hostIn>, dir: string) => Promise<void>,
) {
  const dir = Deno.makeTempDirSync();
  try {
    await run(hostIn(dir, what), dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const ignore = Deno.build.os === "windows";
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test(
  "deploy installs a package that becomes healthy, and leaves nothing on the host",
  { ignore },
  () =>
    withHost({ isLost: false, isHealthy: true }, async ({ deploy, installed }, dir) => {
      const { code, stdout, stderr } = await deploy();
      assert.equal(code, 0, text(stderr));
      assert.match(text(stdout), /^Healthy: 1$/m);
      assert.deepEqual(installed(), ["new.deb"]);
      assert.deepEqual(readdirSync(join(dir, "tmp")), []);
    }),
);

Deno.test(
  "deploy puts the package from before back when the new one is not healthy",
  { ignore },
  () =>
    withHost({ isLost: false, isHealthy: false }, async ({ deploy, installed }) => {
      const { code, stdout } = await deploy();
      assert.equal(code, 1);
      assert.match(text(stdout), /NOT HEALTHY within 2 s[\s\S]*Back and healthy/);
      assert.deepEqual(installed(), ["new.deb", "old.deb"]);
    }),
);

Deno.test(
  "deploy: a host goes back by itself when the connection is lost in the middle, and it is said where to look",
  { ignore },
  () =>
    withHost({ isLost: true, isHealthy: false }, async ({ deploy, installed }, dir) => {
      const { code, stderr } = await deploy();
      assert.equal(code, 255);
      assert.match(text(stderr), /connection to me@pi is lost.*ecoflow-power-deploy\.log/);
      const endMs = Date.now() + 20_000;
      while (readdirSync(join(dir, "tmp")).length > 0) {
        assert.ok(Date.now() < endMs, readFileSync(join(dir, "log"), "utf8"));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.deepEqual(installed(), ["new.deb", "old.deb"]);
      assert.match(readFileSync(join(dir, "log"), "utf8"), /Back and healthy/);
    }),
);
