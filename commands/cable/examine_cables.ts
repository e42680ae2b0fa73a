/** The doctor's look at stations by cable: what is named is asked, and what this machine has is offered. */
import { readFileSync } from "node:fs";
import type { HouseConfig } from "../../lib/config/load.ts";
import type { Finding } from "../../lib/findings.ts";
import { askOverTcp } from "../../lib/nut/client.ts";
import { own } from "../../lib/own.ts";
import { nutSourcesIn } from "../../services/registry.ts";
import { driverAdvice, examineCable, examineUnused } from "./cable_words.ts";
import { findUpses, LOCAL_NUT, readUps } from "./local_nut.ts";

/** Every finding; none where nothing is named and no server is here. */
export async function examineCables(house: HouseConfig): Promise<readonly Finding[]> {
  const { sources } = nutSourcesIn(house);
  const hosted = Object.keys(house.agentsByStation).filter((name) =>
    own(house.agentsByStation, name)?.length
  );
  const known = [...house.stations.map(({ sn, name }) => name ?? sn), ...hosted];
  const named = await Promise.all(
    sources.map(async (source) =>
      examineCable(
        source.device,
        `${source.host}:${source.port}`,
        await readUps(source),
        source.serial ?? serialOf(source.device, house.stations),
        known,
      )
    ),
  );
  const found = await findUpses();
  const advice: Finding[] = found?.length === 0
    ? [{ what: "NUT on this machine", verdict: "unsure", text: `it has no UPS. ${await localAdvice()}` }]
    : [];
  // Our own server has none that could be offered.
  const isOwn = house.nut !== undefined && house.nut.port === LOCAL_NUT.port;
  return [...named, ...examineUnused(found ?? [], sources, house.stations), ...(isOwn ? [] : advice)];
}

/** Of a station that the configuration knows by that name or serial number; others are told by the daemon. */
function serialOf(device: string, stations: HouseConfig["stations"]): string | undefined {
  return stations.find(({ sn, name }) => sn === device || name === device)?.sn;
}

/** How the driver is had on this machine. */
export async function localAdvice(): Promise<string> {
  return driverAdvice(debianVersion(), await localVersion());
}

function debianVersion(): string | undefined {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    if (!/^ID="?(debian|raspbian)"?$/m.test(text)) return undefined;
    return /^VERSION_ID="?(\d+)"?$/m.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

async function localVersion(): Promise<string | undefined> {
  try {
    const answer = await askOverTcp({ ...LOCAL_NUT, ups: "" }, "VER\n", AbortSignal.timeout(2000));
    return /upsd (\d+(?:\.\d+)+)/.exec(answer)?.[1];
  } catch {
    return undefined;
  }
}
