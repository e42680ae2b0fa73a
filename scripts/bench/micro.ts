/** The small parts, each alone on one core: the policy's steps, signatures, NUT answers. */
import { buildCommand } from "../../services/policy_engine/io/command.ts";
import { emptyHouse, House } from "../../services/policy_engine/house.ts";
import { simpleRules } from "../../services/policy_engine/rules/simple_rules.ts";
import { LineLexer } from "../../services/nut_server/protocol/lexer.ts";
import { stepSession } from "../../services/nut_server/protocol/session.ts";
import { NEW_SESSION, type NutWorld } from "../../services/nut_server/protocol/world.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
import { hasValidSignature } from "../../lib/pairing/signing.ts";
import { column } from "./figures/waiting.ts";

/** One part. */
export interface MicroFigures {
  readonly name: string;
  readonly perSec: number;
}

const RUN_MS = 1000;
/** Runs between two looks at the clock. */
const BATCH = 100;
const KEY = "ab".repeat(32);

/** All of them, one after the other. */
export function measureMicro(): readonly MicroFigures[] {
  return [
    { name: "policy: a state of one of 1 station", perSec: rateOf(policyStep(1)) },
    { name: "policy: a state of one of 1,000 stations", perSec: rateOf(policyStep(1000)) },
    { name: "agent: a command's signature verified", perSec: rateOf(verifyOne()) },
    { name: "NUT: GET VAR answered, from bytes to lines", perSec: rateOf(nutAnswer()) },
  ];
}

function rateOf(job: () => void): number {
  for (let i = 0; i < BATCH * 20; i++) job();
  const startMs = performance.now();
  let runs = 0;
  while (performance.now() - startMs < RUN_MS) {
    for (let i = 0; i < BATCH; i++) job();
    runs += BATCH;
  }
  return runs / (performance.now() - startMs) * 1000;
}

/** Stations take turns; each says every second how it stands, on battery and above the limit. */
function policyStep(stations: number): () => void {
  const names = Array.from({ length: stations }, (_, i) => `S${i}`);
  const limits = {
    stations: Object.fromEntries(names.map((name) => [name, [`host-${name}`]])),
    socMinPercent: 10,
    debounceSec: 180,
    cooldownSec: 300,
    abortWindowSec: 120,
    shutdownDelaySec: 60,
    commandTtlSec: 300,
    staleAfterSec: 120,
  };
  const rules = simpleRules(limits, 0);
  const house = new House(emptyHouse(rules), rules, () => crypto.randomUUID());
  let turn = 0;
  return () => {
    const device = names[turn % stations] ?? "";
    const nowMonoMs = turn++ * 1000 / stations;
    const state: PowerState = {
      device,
      soc: 80,
      grid_connected: false,
      discharge_min: 200,
      out_watts: 60,
      battery_wh: 286,
      link: "live",
      age_s: 0,
    };
    const arrival = { atMonoMs: nowMonoMs, atWallMs: nowMonoMs, retained: false };
    house.step({ kind: "state", device, state, arrival }, nowMonoMs);
  };
}

function verifyOne(): () => void {
  const command = buildCommand({
    id: crypto.randomUUID(),
    action: "shutdown",
    agent: "pc",
    reason: "Study: the charge of 9 % is at or below 10 %",
    stage: 1,
    shutdownDelaySec: 60,
    commandTtlSec: 300,
    nowWallMs: 0,
    keyHex: KEY,
  });
  return () => {
    if (!hasValidSignature(command, KEY)) throw new Error("Cannot measure: the signature is refused");
  };
}

function nutAnswer(): () => void {
  const ups = { name: "ups", device: "Study" };
  const variables = new Map([["battery.charge", "87"], ["ups.status", "OL CHRG"]]);
  const world: NutWorld = {
    users: [],
    upses: [ups],
    hasCertificate: false,
    view: () => ({ ups, data: { kind: "known", variables }, estimated: new Set(), clients: () => [] }),
  };
  const lexer = new LineLexer();
  const bytes = new TextEncoder().encode("GET VAR ups ups.status\n");
  return () => {
    for (const byte of bytes) {
      const event = lexer.push(byte);
      if (event?.kind === "line") stepSession(NEW_SESSION, event.words, world);
    }
  };
}

/** The figures as a table. */
export function microText(found: readonly MicroFigures[]): string {
  const rows = found.map(({ name, perSec }) => `| ${name} | ${column(perSec)} | ${column(1e9 / perSec)} |`);
  return ["| part | per second, one core | ns each |", "| --- | --- | --- |", ...rows].join("\n");
}
