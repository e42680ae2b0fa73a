/** What is played with an agent on a booted system. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type AgentHouse, EMPTY, GRID, until } from "./agent_house.ts";
import { type BootedSystem, DONE, expect, MARK, say, TRIED } from "./booted_system.ts";

/** The house, and the folder of the booted system. */
export interface Site extends AgentHouse {
  readonly root: string;
}

/** One play. */
export interface Scenario {
  readonly name: string;
  readonly settings: Record<string, string>;
  /** Lines of the agent's configuration, for this scenario alone; from the second boot on. */
  readonly agentLines?: readonly string[];
  /** Run by the system after its start, with root's rights; its output is in {@link TRIED}. */
  readonly tries?: string;
  readonly play: (site: Site, system: BootedSystem) => Promise<void>;
}

const DELAYS = { POLICY_SOC_MIN: "10", POLICY_DEBOUNCE_SEC: "5", POLICY_SHUTDOWN_DELAY_SEC: "10" };

/** All plays, in order. */
export const SCENARIOS: readonly Scenario[] = [
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
