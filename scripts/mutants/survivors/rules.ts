/** Mutants of the rules of a policy file that no test can or need notice, by the reason. Pure. */

/** Each reason with its mutants. */
export const RULES_SURVIVORS: readonly (readonly [reason: string, mutants: readonly string[]])[] = [
  [
    "a problem that is not one of several ways to be wrong has no parts",
    [
      "services/policy_engine/rules/policy_file.ts «return issue.issues?.[0] ?? issue;» 0 -> 1",
    ],
  ],
  [
    "the parser throws nothing else for a text",
    [
      "services/policy_engine/rules/policy_file.ts «if (!(error instanceof TomlError)) throw error;» !(error instanceof TomlError) -> false",
    ],
  ],
  [
    "what misses in a table is its last step, and nothing lies below a value that is no table",
    [
      'services/policy_engine/rules/policy_file.ts «if (next === null || typeof next !== "object") break;» next === null || typeof next !== "object" -> false',
      'services/policy_engine/rules/policy_file.ts «if (next === null || typeof next !== "object") break;» || -> &&',
    ],
  ],
  [
    "a problem has a path, which begins in the file",
    [
      "services/policy_engine/rules/policy_file.ts «if (!last) return;» !last -> false",
      "services/policy_engine/rules/policy_file.ts «const path = (issue.path ?? []).map(({ key }) => key as PathStep);» issue.path ?? [] -> (issue.path)!",
    ],
  ],
  [
    "behind the last stage there is none that could be too early",
    [
      "services/policy_engine/rules/policy_file_checks.ts «for (let i = 1; i < stages.length; i++) problems.push(...pairProblems(device, stages, i));» < -> <=",
    ],
  ],
  [
    "a pair is asked about only where both stages are",
    [
      "services/policy_engine/rules/policy_file_checks.ts «for (const early of before?.groups ?? []) {» before?.groups ?? [] -> (before?.groups)!",
      "services/policy_engine/rules/policy_file_checks.ts «for (const late of after?.groups ?? []) {» after?.groups ?? [] -> (after?.groups)!",
    ],
  ],
  [
    "a group of nobody comes from the configuration alone, which has a trigger",
    [
      "services/policy_engine/rules/policy_file_checks.ts «return hosts.length > 0 && Object.values(triggers).every((value) => value === undefined);» > -> >=",
    ],
  ],
  [
    "a trigger that is not there is no number, and none is above or below it",
    [
      "services/policy_engine/rules/policy_file_checks.ts «if (first === undefined || second === undefined || !isWrong) return;» || -> && (2)",
    ],
  ],
  [
    "no limit is as high as a charge that nobody said, and no floor is above 0",
    [
      "services/policy_engine/rules/policy_file_checks.ts «if (wakeSoc === undefined) return [];» wakeSoc === undefined -> false",
      "services/policy_engine/rules/policy_file_checks.ts «effectiveSocMin(socMinPercent, { floorPercent: own(file.station, device)?.min_soc ?? 0 });» own(file.station, device)?.min_soc ?? 0 -> (own(file.station, device)?.min_soc)!",
    ],
  ],
  [
    "only stations of the configuration are asked about",
    [
      "services/policy_engine/rules/rules_from_file.ts «const hosts = own(limits.stations, device) ?? [];» own(limits.stations, device) ?? [] -> (own(limits.stations, device))!",
    ],
  ],
  [
    "every station has the configuration's debounce at least",
    [
      "services/policy_engine/rules/rules_from_file.ts «return { key, hosts, triggers: triggersOf(section), debounceMs: (section.debounce_sec ?? 0) * 1000 };» 0 -> 1",
      "services/policy_engine/rules/rules_from_file.ts «return { key, hosts, triggers: triggersOf(section), debounceMs: (section.debounce_sec ?? 0) * 1000 };» section.debounce_sec ?? 0 -> (section.debounce_sec)!",
    ],
  ],
  [
    "`own()` looks for the same",
    [
      "services/policy_engine/rules/rules_from_file.ts «return Object.hasOwn(port, device) ? own(port, device) : undefined;» Object.hasOwn(port, device) -> true",
    ],
  ],
  [
    "a name of 254 characters is no host's either",
    [
      "services/policy_engine/rules/policy_file_schema.ts «textUpTo(253),» 253 -> 254",
    ],
  ],
];
