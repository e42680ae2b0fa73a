/** What must fit together in a policy file, beyond the form of each key. Pure. */
import type { FileProblem, PolicyFile, StationSection, WitnessSection } from "./policy_file_schema.ts";
import type { GroupRules, StationRules } from "./rules.ts";
import { stationFromFile } from "./rules_from_file.ts";
import type { SimpleLimits } from "./simple_rules.ts";
import { own } from "../../../lib/own.ts";

/** Every problem, in no order. */
export function policyFileProblems(file: PolicyFile, limits: SimpleLimits): readonly FileProblem[] {
  const stations = Object.entries(file.station);
  return [
    ...stations.flatMap(([device, section]) => stationProblems(device, section, limits)),
    ...Object.keys(limits.stations).flatMap((device) => orderProblems(device, file, limits)),
    ...hostProblems(file, limits),
    ...witnessProblems(file, limits),
    ...recoveryProblems(file, limits),
  ];
}

const list = (names: Iterable<string>) => [...names].map((name) => `"${name}"`).join(", ") || "none";

function stationProblems(device: string, section: StationSection, limits: SimpleLimits): FileProblem[] {
  const path = ["station", device];
  const hosts = own(limits.stations, device);
  if (!hosts) {
    return [{
      path,
      text: `must be a station of DEVICE_TO_AGENTS_JSON (${list(Object.keys(limits.stations))})`,
    }];
  }
  const problems: FileProblem[] = [];
  const seen = new Set<string>();
  const see = (host: string, at: FileProblem["path"]) => {
    if (!hosts.includes(host)) {
      problems.push({ path: at, text: `names "${host}", which is no host of "${device}" (${list(hosts)})` });
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
      text: `must name every host of the station in a stage, found none for ${list(left)}`,
    });
  }
  return problems;
}

/** Later stages must not be in danger before earlier ones: they would pull them along. */
function orderProblems(device: string, file: PolicyFile, limits: SimpleLimits): FileProblem[] {
  const { stages } = stationFromFile(device, file, limits);
  const problems = stages.flatMap(({ groups }) => groups).filter(hasNoTrigger).map((
    { hosts },
  ): FileProblem => ({
    path: hosts[0] !== undefined && own(file.host, hosts[0]) ? ["host", hosts[0]] : ["station", device],
    text: `leaves ${list(hosts)} without any trigger: nothing would ever shut it down`,
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
            `is an impossible order: ${list(late.hosts)} of stage ${
              index + 1
            } would go at ${second}, before ` +
            `${list(early.hosts)} of stage ${index} at ${first}`,
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
    if (!known.has(name)) return [{ path, text: `must be a host of DEVICE_TO_AGENTS_JSON (${list(known)})` }];
    const feeds = Object.values(stations).filter((hosts) => hosts.includes(name)).length;
    if (section.goes_with === undefined || feeds > 1) return [];
    return [{ path: [...path, "goes_with"], text: `is for hosts on two stations or more, found ${feeds}` }];
  });
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

/** A host that is woken below the charge at which it is shut down would go down again at the next flicker. */
function recoveryProblems(file: PolicyFile, limits: SimpleLimits): FileProblem[] {
  const wakeSoc = file.recovery?.soc_min;
  if (wakeSoc === undefined) return [];
  const woken = new Set(Object.entries(file.host).filter(([, { mac }]) => mac).map(([host]) => host));
  const tooHigh = Object.keys(limits.stations).flatMap((device) =>
    stationFromFile(device, file, limits).stages.flatMap(({ groups }) =>
      groups.filter(({ hosts, triggers }) =>
        hosts.some((host) => woken.has(host)) && (triggers.socMinPercent ?? 0) >= wakeSoc
      )
    )
  );
  return tooHigh.map(({ hosts, triggers }) => ({
    path: ["recovery", "soc_min"],
    text: `is an impossible order: ${list(hosts)} would be woken at ${wakeSoc} % and shut down at ` +
      `${triggers.socMinPercent} %`,
  }));
}
