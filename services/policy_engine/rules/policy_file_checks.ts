/** What must fit together in a policy file, beyond the form of each key. Pure. */
import type {
  FileProblem,
  HostSection,
  PolicyFile,
  StationSection,
  WitnessSection,
} from "./policy_file_schema.ts";
import type { GroupRules, StationRules } from "./rules.ts";
import { stationFromFile } from "./rules_from_file.ts";
import type { SimpleLimits } from "./simple_rules.ts";
import { recoveryProblems } from "./recovery_checks.ts";
import { own } from "../../../lib/own.ts";
import { quoted } from "../../../lib/text/quoted.ts";

/** Every problem, in no order. */
export function policyFileProblems(file: PolicyFile, limits: SimpleLimits): readonly FileProblem[] {
  const stations = Object.entries(file.station);
  return [
    ...stations.flatMap(([device, section]) => stationProblems(device, section, limits)),
    ...Object.keys(limits.stations).flatMap((device) => orderProblems(device, file, limits)),
    ...stations.flatMap(([device, section]) => gridProblems(device, section, file)),
    ...hostProblems(file, limits),
    ...witnessProblems(file, limits),
    ...recoveryProblems(file, limits),
  ];
}

function stationProblems(device: string, section: StationSection, limits: SimpleLimits): FileProblem[] {
  const path = ["station", device];
  const hosts = own(limits.stations, device);
  if (!hosts) {
    return [{
      path,
      text: `must be a station of DEVICE_TO_AGENTS_JSON (${quoted(Object.keys(limits.stations))})`,
    }];
  }
  const problems: FileProblem[] = [];
  const seen = new Set<string>();
  const see = (host: string, at: FileProblem["path"]) => {
    if (!hosts.includes(host)) {
      problems.push({
        path: at,
        text: `names "${host}", which is no host of "${device}" (${quoted(hosts)})`,
      });
    } else if (seen.has(host)) problems.push({ path: at, text: `names "${host}" a second time` });
    seen.add(host);
  };
  for (const [index, stage] of (section.stage ?? []).entries()) {
    for (const host of stage.hosts) see(host, [...path, "stage", index, "hosts"]);
  }
  if (section.last !== undefined) see(section.last, [...path, "last"]);
  const left = hosts.filter((host) => !seen.has(host));
  if (section.stage && left.length > 0) {
    problems.push({
      path,
      text: `must name every host of the station in a stage, found none for ${quoted(left)}`,
    });
  }
  return problems;
}

/** Readings of witnesses alone need a witness, and no witness is named for a grid that does not count. */
function gridProblems(device: string, { grid }: StationSection, { witness }: PolicyFile): FileProblem[] {
  const path = ["station", device, "grid"];
  if (grid === "witness" && !witness.some(({ stations }) => stations?.includes(device) ?? true)) {
    return [{
      path,
      text: `is "witness", but no [[witness]] speaks for "${device}": it would never begin an outage`,
    }];
  }
  if (grid !== "off") return [];
  return witness.flatMap(({ stations }, index): FileProblem[] =>
    stations?.includes(device)
      ? [{
        path: ["witness", index, "stations"],
        text: `names "${device}", whose grid is "off": nothing that it says would count`,
      }]
      : []
  );
}

/** The battery must not be critical for a later stage before an earlier one: it would advance that one. */
function orderProblems(device: string, file: PolicyFile, limits: SimpleLimits): FileProblem[] {
  const { stages } = stationFromFile(device, file, limits);
  const problems = stages.flatMap(({ groups }) => groups).filter(hasNoTrigger).map((
    { hosts },
  ): FileProblem => ({
    path: hosts[0] !== undefined && own(file.host, hosts[0]) ? ["host", hosts[0]] : ["station", device],
    text: `leaves ${quoted(hosts)} without any trigger: nothing would ever shut it down`,
  }));
  for (let i = 1; i < stages.length; i++) problems.push(...pairProblems(device, stages, i));
  return problems;
}

function hasNoTrigger({ triggers, hosts }: GroupRules): boolean {
  return hosts.length > 0 && Object.values(triggers).every((value) => value === undefined);
}

function pairProblems(device: string, stages: StationRules["stages"], index: number): FileProblem[] {
  const [before, after] = [stages[index - 1], stages[index]];
  const problems: FileProblem[] = [];
  for (const early of before?.groups ?? []) {
    for (const late of after?.groups ?? []) {
      const check = (
        name: string,
        first: number | undefined,
        second: number | undefined,
        isWrong: boolean,
      ) => {
        if (first === undefined || second === undefined || !isWrong) return;
        problems.push({
          path: ["station", device, "stage", index, name],
          text:
            `is an impossible order: ${quoted(late.hosts)} of stage ${
              index + 1
            } would go at ${second}, before ` +
            `${quoted(early.hosts)} of stage ${index} at ${first}`,
        });
      };
      const [a, b] = [early.triggers, late.triggers];
      check("soc_min", a.socMinPercent, b.socMinPercent, Number(a.socMinPercent) < Number(b.socMinPercent));
      check("discharge_min", a.remainingMin, b.remainingMin, Number(a.remainingMin) < Number(b.remainingMin));
      check(
        "on_battery_min",
        a.onBatteryMin,
        b.onBatteryMin,
        Number(a.onBatteryMin) > Number(b.onBatteryMin),
      );
    }
  }
  return problems;
}

function hostProblems({ host }: PolicyFile, { stations }: SimpleLimits): FileProblem[] {
  const known = new Set(Object.values(stations).flat());
  return Object.entries(host).flatMap(([name, section]): FileProblem[] => {
    const path = ["host", name];
    if (!known.has(name)) {
      return [{ path, text: `must be a host of DEVICE_TO_AGENTS_JSON (${quoted(known)})` }];
    }
    const feeds = Object.keys(stations).filter((device) => own(stations, device)?.includes(name));
    const problems = portProblems(name, section, feeds);
    if (section.goes_with === undefined || feeds.length > 1) return problems;
    const text = `is for hosts on two stations or more, found ${feeds.length}`;
    return [...problems, { path: [...path, "goes_with"], text }];
  });
}

function portProblems(host: string, { port }: HostSection, feeds: readonly string[]): FileProblem[] {
  if (typeof port !== "object") return [];
  return Object.keys(port).filter((device) => !feeds.includes(device)).map((device) => ({
    path: ["host", host, "port", device],
    text: `must be a station that feeds "${host}" (${quoted(feeds)})`,
  }));
}

function witnessProblems({ witness }: PolicyFile, { stations }: SimpleLimits): FileProblem[] {
  const names = new Set<string>();
  return witness.flatMap((section, index): FileProblem[] => {
    const path = ["witness", index];
    const problems: FileProblem[] = [];
    if (names.has(section.name)) {
      problems.push({ path: [...path, "name"], text: `"${section.name}" is used twice` });
    }
    names.add(section.name);
    for (const device of section.stations ?? []) {
      if (!Object.hasOwn(stations, device)) {
        const text = `names "${device}", which is no station of DEVICE_TO_AGENTS_JSON`;
        problems.push({ path: [...path, "stations"], text });
      }
    }
    problems.push(...sourceProblems(section, path));
    return problems;
  });
}

/** A witness is an MQTT topic with one rule, or a NUT server, which needs none. */
function sourceProblems(section: WitnessSection, path: FileProblem["path"]): FileProblem[] {
  const { topic, nut, pointer, present_when_above: above } = section;
  const hasEquals = section.present_when_equals !== undefined || section.absent_when_equals !== undefined;
  if ((topic === undefined) === (nut === undefined)) {
    const text = `must have either topic or nut, found ${topic === undefined ? "neither" : "both"}`;
    return [{ path, text }];
  }
  if (nut) {
    if (!hasEquals && above === undefined && pointer === undefined) return [];
    return [{ path, text: "must have no pointer and no rule beside nut: its status says OL or OB" }];
  }
  if (hasEquals !== (above !== undefined)) return [];
  const text = "must have present_when_equals and/or absent_when_equals, or else present_when_above, found " +
    (hasEquals ? "both" : "none");
  return [{ path, text }];
}
