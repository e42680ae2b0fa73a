/** The states that the page is looked at in. Each says what is fed, and what must be read and what must not. */
import type { Page } from "playwright-core";
import { CALM, feedDaemon, feedEvent, feedStation, OUT, type TestHouse } from "./pictured_house.ts";

/** One state of the house. */
export interface PicturedState {
  readonly name: string;
  /** Which hosts the configuration names, by station; absent: the study's two. */
  readonly agents?: Readonly<Record<string, readonly string[]>>;
  readonly mayNotLook?: true;
  /** Nothing answers the page. */
  readonly isUnreachable?: true;
  readonly feed: (house: TestHouse) => void;
  /** After the page is open. */
  readonly then?: (page: Page, house: TestHouse) => Promise<void>;
  /** What stands on the page in English. */
  readonly shows: RegExp;
  readonly never?: RegExp;
}

const critical = {
  state: "critical",
  sentence: "On battery with 9 %; hosts are told to shut down in 290 s unless the grid returns.",
  soc: 9,
  timer_left_s: 290,
};
const UP = { link: "up" };

/** See the file comment. */
export const PICTURED: readonly PicturedState[] = [
  {
    name: "first_start",
    agents: {},
    feed: (house) => feedDaemon(house, { link: "off", detail: "switched off by ECOFLOW_CLOUD=off" }),
    shows: /No station yet.*switched off .ECOFLOW_CLOUD=off.*sudo ecoflow-power setup/s,
    never: /Journal/,
  },
  {
    name: "first_silent",
    agents: {},
    feed: (house) => feedDaemon(house, UP),
    shows: /The account is connected, but no station has been heard.*ecoflow-power doctor/s,
  },
  {
    name: "unreachable",
    isUnreachable: true,
    feed: () => {},
    shows: /No connection.*has not reached the daemon for 1\d\ss/s,
    never: /Live|Connecting/,
  },
  {
    name: "log_in",
    mayNotLook: true,
    feed: (house) => feedDaemon(house, UP),
    shows: /Log in.*after a log-in/s,
    never: /Live/,
  },
  {
    name: "online",
    feed: (house) => {
      feedDaemon(house, UP);
      feedStation(house, "Study", { state: CALM, policy: {} });
      feedEvent(house, "grid_back", "notice", "Study: the grid is back after 186 min");
    },
    shows: /The grid is there.*when the charge falls to 10%.*Full.*1\sh\s38\smin/s,
    never: /flow_info|5f0c9a52|186 min/,
  },
  {
    name: "no_hosts",
    agents: {},
    feed: (house) => {
      feedDaemon(house, UP);
      feedStation(house, "Study", { state: CALM, policy: { hosts: [] } });
    },
    shows: /No hosts are plugged into this station.*ecoflow-power setup/s,
    never: /No hosts.*No hosts/s,
  },
  {
    name: "stale",
    feed: (house) => {
      feedDaemon(house, UP);
      const sentence = "The grid was there at the last reading, 7 min ago; the charge was 71 %, 7 min ago.";
      const ages = { link: "stale", age_s: 400, grid_age_s: 400, soc_age_s: 400 };
      feedStation(house, "Study", { state: { ...CALM, ...ages }, policy: { sentence, blind: true } });
    },
    shows: /Not known now.*Last reading: grid there, 7\smin ago.*Nothing fresh comes/s,
    never: /The grid is there(?!,)|and protected|Full/,
  },
  {
    name: "grid_unknown",
    feed: (house) => {
      feedDaemon(house, UP);
      feedStation(house, "Study", {
        state: { ...CALM, grid_connected: undefined, grid_unknown: true },
        policy: { state: "unknown", grid_unknown: true },
      });
    },
    shows: /does not tell any more whether the grid is there.*hosts are not protected/s,
    never: /The grid is there|Full|and protected/,
  },
  {
    name: "outage",
    feed: (house) => {
      feedDaemon(house, UP);
      const policy = { state: "on_battery", sentence: "On battery, 34 %.", shutdown_earliest_s: 6900 };
      feedStation(house, "Study", { state: OUT, policy });
      feedEvent(house, "grid_lost", "warning", "Study: the grid is gone, on battery with 36 %");
    },
    shows: /The grid is gone: on battery.*1\sh\s5\d\smin.*First host goes down at about \d\d:\d\d/s,
  },
  {
    name: "timer",
    feed: (house) => {
      feedDaemon(house, UP);
      feedStation(house, "Study", { state: { ...OUT, soc: 9, discharge_min: 14 }, policy: critical });
    },
    shows: /The battery is running out.*4:[45]\d.*Hosts go down at \d\d:\d\d, unless the grid/s,
  },
  {
    name: "shutting_down",
    feed: (house) => {
      feedDaemon(house, UP);
      const detail = "switching off in 120 s";
      const hosts = [
        { agent: "study-pc", state: "accepted", detail },
        { agent: "nas", state: "down" },
      ];
      house.broker.publish(
        house.topics.ack("study-pc"),
        JSON.stringify({ id: "1", agent: "study-pc", status: "running", detail }),
      );
      const policy = { ...critical, state: "shutting_down", timer_left_s: undefined, hosts };
      feedStation(house, "Study", { state: { ...OUT, soc: 8, discharge_min: 12 }, policy });
    },
    shows: /Shutting hosts down.*Hosts that are down: 1 of 2.*switches off at \d\d:\d\d, in (1:[45]\d|2:00)/s,
    never: /Shutting hosts down\s+Call it off/,
  },
  {
    name: "recovery",
    feed: (house) => {
      feedDaemon(house, UP);
      const policy = {
        state: "recovery",
        sentence: "The danger is over; shutdowns are being aborted.",
        soc: 9,
      };
      feedStation(house, "Study", { state: { ...CALM, soc: 9 }, policy });
    },
    shows: /The danger is over.*Shutdowns are being aborted, or hosts are woken/s,
  },
  {
    name: "three_stations",
    agents: { Study: ["study-pc"], Cellar: ["nas"], Office: ["office-pc"] },
    feed: (house) => {
      feedDaemon(house, UP);
      feedStation(house, "Study", { state: CALM, policy: {} });
      const earliest = { state: "on_battery", sentence: "On battery.", shutdown_earliest_s: 6900 };
      feedStation(house, "Cellar", { state: OUT, policy: earliest });
      feedStation(house, "Office", {
        state: { ...CALM, link: "stale", age_s: 400 },
        policy: { blind: true },
      });
      feedEvent(house, "grid_lost", "warning", "Cellar: the grid is gone, on battery with 36 %");
    },
    shows: /Cellar.*34%.*On battery.*First host goes down.*Office.*Not known now.*Study.*71%.*Full at/s,
  },
  {
    name: "simulated",
    agents: { SimulatedDevice: ["study-pc"] },
    feed: (house) => {
      feedDaemon(house, UP);
      feedStation(house, "SimulatedDevice", { state: OUT, policy: { state: "on_battery" } });
    },
    shows: /This is a simulation.*SimulatedDevice\sSimulated/s,
    never: /how long the battery lasts/,
  },
  {
    name: "lost",
    feed: (house) => {
      feedDaemon(house, UP);
      feedStation(house, "Study", { state: CALM, policy: {} });
    },
    then: async (page, house) => {
      house.broker.publish(house.topics.orchestratorStatus, JSON.stringify({ online: false }));
      await house.clock.advance(3000);
      await page.locator("#notice", { hasText: /offline/ }).waitFor();
    },
    shows: /Not live.*The daemon is offline.*Not known now/s,
    never: /The grid is there(?!,)|online and protected/,
  },
];
