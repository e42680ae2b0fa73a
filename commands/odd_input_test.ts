/** Odd input to the real program: no stack, a code that `--help` knows, and what to do. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Arguments, the configuration, the exit code, what must be said. `FILE` is a plain file. */
const rows: readonly [args: readonly string[], env: string, code: number, wanted: RegExp][] = [
  [["run"], "STATE_DIR=FILE\n", 1, /STATE DIRECTORY CANNOT BE MADE: give another STATE_DIR/],
  [["run"], "STATE_DIR=/proc/none\n", 1, /STATE DIRECTORY CANNOT BE MADE: give another STATE_DIR/],
  [["record", "--sn", "R651ZEB4", "--out", "FILE/x"], "", 1, /Cannot run "record": .*FILE\/x/],
  [["settings", "--env", "/none/x.env"], "", 78, /no such file\. Make one with: deno task setup --env/],
  [["settings", "--env", "/tmp"], "", 78, /Cannot read "\/tmp", which --env names: it is no file/],
  [["check", "--env", "/dev/null"], "", 78, /ECOFLOW_USER and ECOFLOW_PASS .* must be set, found neither/],
  [["devices", "--cloud"], "", 1, /there is no account: .* run: deno task setup/],
  [["decode", "/none"], "", 1, /Cannot read file "\/none"/],
  [["decode"], "", 64, /one file, or "-", must be given/],
  [
    ["doctor", "--json"],
    "POLICY_SOC_MIN=ten\n",
    78,
    /"verdict": "wrong".*"what": "configuration".*main\.ts check/,
  ],
  [["drill", "-h"], "", 0, /^Usage: deno run -A main\.ts drill \[options\]/],
  [["--help"], "", 0, /Usage: deno run -A main\.ts COMMAND .*deno run -A main\.ts COMMAND --help tells more/],
  [["docter"], "", 64, /did you mean "doctor"\? see: deno run -A main\.ts --help/],
];

for (const [args, env, wantedCode, wanted] of rows) {
  Deno.test(`odd input: ${args.join(" ")}${env && ` with ${env.trim()}`}`, async () => {
    const dir = Deno.makeTempDirSync();
    try {
      const file = join(dir, "FILE");
      Deno.writeTextFileSync(file, "");
      const text = `ECOFLOW_CLOUD=off\nMQTT_EMBEDDED_PORT=9\n${env.replace("FILE", file)}`;
      Deno.writeTextFileSync(join(dir, ".env"), text, { mode: 0o600 });
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-check", "-A", MAIN, ...args.map((one) => one.replace("FILE", file))],
        cwd: dir,
        env: { NO_COLOR: "1" },
        stdin: "null",
      }).output();
      const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
      assert.match(said.replaceAll(/\s+/g, " "), wanted);
      assert.doesNotMatch(said, /Uncaught|\n +at /);
      assert.equal(code, wantedCode, said);
    } finally {
      Deno.removeSync(dir, { recursive: true });
    }
  });
}
