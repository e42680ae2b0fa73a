import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** The most exposure that is allowed, as `systemd-analyze security` counts it from 0 (safe) to 10. */
const MOST = {
  "ecoflow-power.service": 1.5,
  "ecoflow-power-broker.service": 1.5,
  "ecoflow-power-bridge.service": 1.5,
  "ecoflow-power-restart.service": 1.5,
} as const;

function systemdAnalyze(...args: string[]): { code: number; text: string } | undefined {
  try {
    const { code, stdout, stderr } = new Deno.Command("systemd-analyze", { args }).outputSync();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // deno-lint-ignore no-console
    console.log("left out: systemd-analyze is not there");
  }
}

for (const [unit, most] of Object.entries(MOST)) {
  const path = fileURLToPath(new URL(`../systemd/${unit}`, import.meta.url));

  Deno.test(`${unit} is exposed by at most ${most}`, () => {
    const said = systemdAnalyze("security", "--offline=true", "--no-pager", path);
    if (!said) return;
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said.text)?.[1]);
    assert.ok(exposure <= most, said.text);
  });

  Deno.test(`${unit} has no key that systemd does not know`, () => {
    const said = systemdAnalyze("verify", "--man=no", path);
    if (!said) return;
    assert.doesNotMatch(said.text, /Unknown|Failed to parse|Invalid/, said.text);
  });
}

Deno.test("ecoflow-power.service tells the daemon which start of the system this is", () => {
  const unit = Deno.readTextFileSync(new URL("../systemd/ecoflow-power.service", import.meta.url));
  assert.match(unit, /^Environment=BOOT_ID=%b$/m);
});

Deno.test("every other unit has no key that systemd does not know", () => {
  const dir = fileURLToPath(new URL("../systemd/", import.meta.url));
  const names = [...Deno.readDirSync(dir), ...Deno.readDirSync(`${dir}read-only-root`)].map(({ name }) =>
    name
  );
  const units = names.filter((name) =>
    /\.(path|mount)$/.test(name) || /-(restart|start|memory)\.service$/.test(name)
  );
  assert.equal(units.length, 6, units.join());
  for (const unit of units) {
    const path = unit.endsWith(".mount") ? `${dir}read-only-root/${unit}` : `${dir}${unit}`;
    const said = systemdAnalyze("verify", "--man=no", path);
    if (said) assert.doesNotMatch(said.text, /Unknown|Failed to parse|Invalid|unit name/, said.text);
  }
});

Deno.test("the agent's unit is exposed by at most 2.5", () => {
  const path = fileURLToPath(new URL("../systemd/ecoflow-agent.service", import.meta.url));
  const said = systemdAnalyze("security", "--offline=true", "--no-pager", path);
  if (!said) return;
  assert.ok(Number(/Overall exposure level for \S+: ([\d.]+)/.exec(said.text)?.[1]) <= 2.5, said.text);
});

Deno.test("no unit waits for what may never come after a cut of power: a network, the time", () => {
  const dir = fileURLToPath(new URL("../systemd/", import.meta.url));
  const units = [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) =>
    /\.(service|path)$/.test(name)
  );
  assert.ok(units.length >= 7, units.join());
  for (const unit of units) {
    for (const line of Deno.readTextFileSync(`${dir}${unit}`).split("\n")) {
      if (/^(After|Wants|Requires|BindsTo)=/.test(line)) {
        assert.doesNotMatch(line, /network|time-sync/, `${unit}: ${line}`);
      }
    }
  }
});

Deno.test("what a path unit or each start of the daemon starts has no limit of starts: it would end the path unit with it", () => {
  const dir = fileURLToPath(new URL("../systemd/", import.meta.url));
  const paths = [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => name.endsWith(".path"));
  assert.ok(paths.length >= 2, paths.join());
  const started = paths.map((name) => /^Unit=(.*)$/m.exec(Deno.readTextFileSync(dir + name))?.[1] ?? name);
  for (
    const unit of [
      ...started,
      "ecoflow-power-broker-start.service",
      "ecoflow-power-broker-memory.service",
      "ecoflow-power.service",
    ]
  ) {
    assert.match(Deno.readTextFileSync(dir + unit), /^StartLimitIntervalSec=0$/m, unit);
  }
});
