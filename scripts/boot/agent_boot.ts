/**
 * Shows the agent on a whole Linux: installed by its own command in a booted system, commanded by the real daemon through
 * Mosquitto with access list and TLS. The system really powers off, or really stays up.
 *
 * Needs root, systemd-nspawn, Mosquitto, a Debian root (debootstrap, see --help) and the built agent; says what is missing.
 *
 * Run: deno run -A scripts/boot/agent_boot.ts --root ROOT --agent BINARY [--only NAME]
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type AgentHouse, EMPTY, GRID, pause, startAgentHouse, until } from "./agent_house.ts";

const HELP = `Usage: agent_boot.ts --root ROOT --agent BINARY [--only NAME]
ROOT comes from: debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,procps,sudo bookworm ROOT
BINARY comes from: deno task build:agents --target x86_64-unknown-linux-gnu`;

const AGENT = "booted-pc";
const BOOT_LIMIT_MS = 60_000;
const MARK = "var/lib/ecoflow-agent/prepared";
const AGENT_ENV = "etc/ecoflow-agent/ecoflow-agent.env";
const TRIED = "var/tmp/tried";
const DONE = "var/tmp/tried.done";

interface Site extends AgentHouse {
  readonly root: string;
}

interface Scenario {
  readonly name: string;
  readonly settings: Record<string, string>;
  /** Lines of the agent's configuration, for this scenario alone; from the second boot on. */
  readonly agentLines?: readonly string[];
  /** Run by the system after its start, with root's rights; its output is in {@link TRIED}. */
  readonly tries?: string;
  readonly play: (site: Site, system: BootedSystem) => Promise<void>;
}

const DELAYS = { POLICY_SOC_MIN: "10", POLICY_DEBOUNCE_SEC: "5", POLICY_SHUTDOWN_DELAY_SEC: "10" };

const SCENARIOS: readonly Scenario[] = [
  {
    name: "commanded",
    settings: DELAYS,
    async play(site, system) {
      const stop = site.keepFeeding(EMPTY);
      try {
        await system.isOff(60_000);
      } finally {
        stop();
      }
      expect(site.acks.includes("accepted") && site.acks.includes("shutting_down"), `answers: ${site.acks}`);
      expect(existsSync(join(site.root, MARK)), "the preparations had run");
      expect(site.isOnline() === false, "the agent said goodbye");
    },
  },
  {
    name: "called_off",
    settings: { ...DELAYS, POLICY_SHUTDOWN_DELAY_SEC: "20" },
    async play(site, system) {
      let stop = site.keepFeeding(EMPTY);
      await until("shutting_down", () => site.acks.includes("shutting_down"), 60_000);
      stop();
      stop = site.keepFeeding(GRID);
      await until("aborted", () => site.acks.includes("aborted"), 20_000);
      await system.staysUp(40_000);
      stop();
      expect(site.isOnline(), "the agent is online");
    },
  },
  {
    // What the predecessor's examples say, in a system that has sudo.
    name: "sudo",
    settings: DELAYS,
    agentLines: [
      `PRE_SHUTDOWN_CMD_2=sudo touch /${MARK}`,
      "SHUTDOWN_CMD=sudo shutdown -h now",
      "ABORT_CMD=sudo shutdown -c",
    ],
    tries: "ecoflow-agent doctor; ecoflow-agent rehearse; ecoflow-agent check",
    async play(site, system) {
      await until("tried", () => existsSync(join(site.root, DONE)), 120_000);
      const tried = readFileSync(join(site.root, TRIED), "utf8");
      say(tried.trim().split("\n").map((line) => `  | ${line.slice(0, 200)}`).join("\n"));
      expect(/^ok +rights/m.test(tried), "doctor finds the rights with those of the unit");
      expect(
        /^ok +commands: systemctl, touch, shutdown can be run/m.test(tried),
        "doctor looks at the commands",
      );
      expect(/SHUTDOWN_CMD: "sudo" is left out/.test(tried), "the notice");
      expect(/REHEARSED/.test(tried) && !/PREPARATION FAILED/.test(tried), "the rehearsal goes well");
      expect(existsSync(join(site.root, MARK)), "the rehearsal ran the preparations");
      rmSync(join(site.root, MARK));
      const stop = site.keepFeeding(EMPTY);
      try {
        await system.isOff(60_000);
      } finally {
        stop();
      }
      expect(!site.acks.includes("failed"), `no step failed: ${site.acks}`);
      expect(existsSync(join(site.root, MARK)), "the preparations had run");
    },
  },
  {
    // The same lines as they were before sudo was left out: a command that always fails under the unit.
    name: "own_command_fails",
    settings: DELAYS,
    agentLines: ["PRE_SHUTDOWN_CMD_3=env sudo true", "SHUTDOWN_CMD=env sudo shutdown -h now"],
    tries: "ecoflow-agent doctor; ecoflow-agent rehearse",
    async play(site, system) {
      await until("tried", () => existsSync(join(site.root, DONE)), 120_000);
      const tried = readFileSync(join(site.root, TRIED), "utf8");
      say(tried.trim().split("\n").map((line) => `  | ${line.slice(0, 200)}`).join("\n"));
      expect(/speaks of sudo, which cannot work/.test(tried), "doctor warns of the hidden sudo");
      expect(/PREPARATION FAILED .*env sudo true/.test(tried), "rehearse fails as the service would");
      const stop = site.keepFeeding(EMPTY);
      try {
        await system.isOff(120_000);
      } finally {
        stop();
      }
      expect(site.acks.filter((ack) => ack === "failed").length >= 4, `each failure is told: ${site.acks}`);
      expect(site.acks.at(-1) === "shutting_down", `and the end: ${site.acks}`);
    },
  },
  {
    name: "lost_on_battery",
    settings: { ...DELAYS, POLICY_DEBOUNCE_SEC: "60" },
    async play(site, system) {
      const stop = site.keepFeeding(EMPTY);
      const plan = join(site.root, "var/lib/ecoflow-agent/plan.json");
      await until(
        "plan",
        () => existsSync(plan) && readFileSync(plan, "utf8").includes("on_battery"),
        30_000,
      );
      const { plan: { deadline_at } } = JSON.parse(readFileSync(plan, "utf8")) as {
        plan: { deadline_at: string };
      };
      stop();
      await site.broker.goDown();
      const leftMs = Date.parse(deadline_at) - Date.now();
      await system.staysUp(leftMs);
      await system.isOff(60_000);
      say(`  went down ${Math.round((Date.now() - Date.parse(deadline_at)) / 1000)} s after the deadline`);
      await site.broker.goUp();
    },
  },
  {
    name: "lost_online",
    settings: DELAYS,
    async play(site, system) {
      const stop = site.keepFeeding(GRID);
      const plan = join(site.root, "var/lib/ecoflow-agent/plan.json");
      await until("plan", () => existsSync(plan) && readFileSync(plan, "utf8").includes('"online"'), 30_000);
      stop();
      await site.broker.goDown();
      await system.staysUp(120_000);
      await site.broker.goUp();
      await until("back", site.isOnline, 60_000);
    },
  },
];

/** A system that was booted from a folder; its network is this machine's. */
class BootedSystem {
  readonly #child: Deno.ChildProcess;
  #hasEnded = false;
  readonly ended: Promise<void>;

  constructor(root: string) {
    this.#child = new Deno.Command("systemd-nspawn", {
      args: ["--quiet", "-D", root, "--boot", "--register=no", "--keep-unit", "--console=pipe"],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    void this.#child.stdout.pipeTo(new WritableStream({ write: () => {} }));
    void this.#child.stderr.pipeTo(new WritableStream({ write: () => {} }));
    this.ended = this.#child.status.then(() => void (this.#hasEnded = true));
  }

  async isOff(withinMs: number): Promise<void> {
    await until("power off", () => this.#hasEnded, withinMs);
  }

  async staysUp(forMs: number): Promise<void> {
    const endMs = Date.now() + forMs;
    while (Date.now() < endMs) {
      expect(!this.#hasEnded, "the system stays up");
      await pause(500);
    }
  }

  async stop(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGTERM");
    await Promise.race([this.ended, pause(20_000)]);
    if (!this.#hasEnded) this.#child.kill("SIGKILL");
    await this.ended;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { root: { type: "string" }, agent: { type: "string" }, only: { type: "string" } },
  });
  const { root, agent, only } = values;
  if (root === undefined || agent === undefined) {
    say(HELP);
    return 64;
  }
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-boot-"));
  try {
    const copy = join(dir, "root");
    await runOrThrow("cp", ["-a", root, copy]);
    await playAll(dir, copy, agent, SCENARIOS.filter(({ name }) => only === undefined || name === only));
    return 0;
  } catch (error) {
    say(`FAILED ${error instanceof Error ? error.message : error}`);
    return 1;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function playAll(
  dir: string,
  root: string,
  binary: string,
  scenarios: readonly Scenario[],
): Promise<void> {
  const house = await startAgentHouse(AGENT, dir);
  prepareRoot(root, binary, house.pairingLine);
  const site: Site = { ...house, root };
  try {
    for (const scenario of scenarios) await playOne(site, scenario);
  } finally {
    await house.close();
  }
}

async function playOne(site: Site, scenario: Scenario): Promise<void> {
  const { name, settings, play, agentLines, tries } = scenario;
  say(`${name} …`);
  if (agentLines || tries) await firstBoot(site);
  const envFile = join(site.root, AGENT_ENV);
  const plainEnv = readFileSync(envFile, "utf8");
  if (agentLines) {
    const keys = agentLines.map((line) => line.slice(0, line.indexOf("=") + 1));
    const others = plainEnv.split("\n").filter((line) => !keys.some((key) => line.startsWith(key)));
    writeFileSync(envFile, [...others, ...agentLines, ""].join("\n"), { mode: 0o600 });
  }
  for (const file of [TRIED, DONE]) rmSync(join(site.root, file), { force: true });
  writeFileSync(join(site.root, "opt/tries"), tries ?? "");
  site.acks.length = 0;
  rmSync(join(site.root, MARK), { force: true });
  rmSync(join(site.root, "var/lib/ecoflow-agent/plan.json"), { force: true });
  const daemon = await site.startDaemon(settings);
  const system = new BootedSystem(site.root);
  try {
    const stop = site.keepFeeding(GRID);
    await until("the agent online", site.isOnline, BOOT_LIMIT_MS);
    await pause(3000);
    stop();
    await play(site, system);
    say(`ok     ${name}`);
  } catch (error) {
    say(daemon.lines.slice(-15).join("\n"));
    say(await journal(site.root));
    throw new Error(`${name}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    await system.stop();
    await daemon.stop();
    if (agentLines) writeFileSync(envFile, plainEnv, { mode: 0o600 });
    await until("the agent offline", () => !site.isOnline(), 60_000).catch(() => {});
  }
}

/** Lets the system install the agent, and ends it: what a scenario changes in the configuration comes after that. */
async function firstBoot(site: Site): Promise<void> {
  if (existsSync(join(site.root, "etc/systemd/system/ecoflow-agent.service"))) return;
  const system = new BootedSystem(site.root);
  try {
    await until("the agent installed", site.isOnline, BOOT_LIMIT_MS);
  } finally {
    await system.stop();
    await until("the agent offline", () => !site.isOnline(), 60_000).catch(() => {});
  }
}

/** On its first boot the system pairs and installs the agent with the agent's own commands. */
function prepareRoot(root: string, binary: string, line: string): void {
  const file = (path: string, text: string, mode = 0o644) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
  };
  cpSync(binary, join(root, "opt/ecoflow-agent"));
  file("opt/pairing", `${line}\n`, 0o600);
  file(
    "etc/ecoflow-agent/ecoflow-agent.env",
    "PRE_SHUTDOWN_CMD_1=systemctl stop demo.service\nPRE_SHUTDOWN_CMD_2=touch /var/lib/ecoflow-agent/prepared\nALONE_AFTER_SEC=30\n",
    0o600,
  );
  file(
    "etc/systemd/system/demo.service",
    "[Service]\nExecStart=sleep infinity\n[Install]\nWantedBy=multi-user.target\n",
  );
  file(
    "etc/systemd/system/first-boot.service",
    `[Unit]
ConditionPathExists=!/etc/systemd/system/ecoflow-agent.service
[Service]
Type=oneshot
ExecStart=/bin/sh -ec '/opt/ecoflow-agent pair < /opt/pairing; /opt/ecoflow-agent install; rm /opt/pairing'
[Install]
WantedBy=multi-user.target
`,
  );
  file(
    "etc/systemd/system/try.service",
    `[Unit]
ConditionFileNotEmpty=/opt/tries
After=ecoflow-agent.service
[Service]
Type=oneshot
Environment=PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
ExecStart=/bin/sh -c 'sleep 3; sh /opt/tries > /${TRIED} 2>&1; touch /${DONE}'
[Install]
WantedBy=multi-user.target
`,
  );
  file("etc/systemd/journald.conf.d/persistent.conf", "[Journal]\nStorage=persistent\n");
  for (const unit of ["demo.service", "first-boot.service", "try.service"]) {
    const wants = join(root, "etc/systemd/system/multi-user.target.wants");
    mkdirSync(wants, { recursive: true });
    Deno.symlinkSync(`/etc/systemd/system/${unit}`, join(wants, unit));
  }
}

async function journal(root: string): Promise<string> {
  const args = [
    "-D",
    join(root, "var/log/journal"),
    "-u",
    "ecoflow-agent",
    "-u",
    "first-boot",
    "--no-pager",
    "-n",
    "40",
  ];
  const { stdout } = await new Deno.Command("journalctl", { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}

function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`must be so: ${what}`);
}

async function runOrThrow(program: string, args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args, stdout: "null", stderr: "inherit" }).output();
  if (!success) throw new Error(`"${program}" failed`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
