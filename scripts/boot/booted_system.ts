/** A Linux with the agent on it, booted from a folder. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pause, until } from "./agent_house.ts";
import { bootFolder, type Booting } from "./booting.ts";

/** Left by the agent's preparations, in the booted system. */
export const MARK = "var/lib/ecoflow-agent/prepared";
/** The agent's configuration there. */
export const AGENT_ENV = "etc/ecoflow-agent/ecoflow-agent.env";
/** What the tries of a scenario said. */
export const TRIED = "var/tmp/tried";
/** There when they are done. */
export const DONE = "var/tmp/tried.done";

/** A system that was booted from a folder; its network is this machine's. */
export class BootedSystem {
  readonly #system: Booting;
  #hasEnded = false;
  readonly ended: Promise<void>;

  constructor(root: string) {
    this.#system = bootFolder(root);
    this.ended = this.#system.ended.then(() => void (this.#hasEnded = true));
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
    if (!this.#hasEnded) this.#system.kill("SIGTERM");
    await Promise.race([this.ended, pause(20_000)]);
    if (!this.#hasEnded) this.#system.kill("SIGKILL");
    await this.ended;
  }
}

/** On its first boot the system pairs and installs the agent with the agent's own commands. */
export function prepareRoot(root: string, binary: string, line: string): void {
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

/** The last lines of the agent in the system's journal. */
export async function journal(root: string): Promise<string> {
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

/** @throws Error naming what must be so */
export function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`must be so: ${what}`);
}

/** A line of the play. */
export function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
