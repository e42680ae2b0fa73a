/** Mutants of the rules of a policy file that no test can or need notice, by the reason. Pure. */

/** Each reason with its mutants. */
export const RULES_SURVIVORS: readonly (readonly [reason: string, mutants: readonly string[]])[] = [
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
    "a hole in a list is found again in the same place, and what follows from a list that was cut short is not told",
    [
      "services/policy_engine/rules/policy_file.ts «if (last && !Array.isArray(last[0])) Reflect.deleteProperty(...last);» last && !Array.isArray(last[0]) -> true",
      "services/policy_engine/rules/policy_file.ts «if (last && !Array.isArray(last[0])) Reflect.deleteProperty(...last);» && -> ||",
      "services/policy_engine/rules/policy_file.ts «if (last && !Array.isArray(last[0])) Reflect.deleteProperty(...last);» 0 -> 1",
    ],
  ],
  [
    "a problem has a path, which begins in the file",
    [
      "services/policy_engine/rules/policy_file.ts «if (!last) return;» !last -> false",
      "services/policy_engine/rules/policy_file.ts «return (issue.path ?? []).map(({ key }) => key as PathStep);» issue.path ?? [] -> (issue.path)!",
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
      "services/policy_engine/rules/recovery_checks.ts «if (wakeSoc === undefined) return [];» wakeSoc === undefined -> false",
      "services/policy_engine/rules/recovery_checks.ts «const floorPercent = own(file.station, device)?.min_soc ?? 0;» own(file.station, device)?.min_soc ?? 0 -> (own(file.station, device)?.min_soc)!",
    ],
  ],
  [
    "only stations of the configuration are asked about",
    [
      "services/policy_engine/rules/rules_from_file.ts «const hosts = own(limits.stations, device) ?? [];» own(limits.stations, device) ?? [] -> (own(limits.stations, device))!",
    ],
  ],
  [
    "a name of 254 characters is no host's either",
    [
      "services/policy_engine/rules/policy_file_schema.ts «textUpTo(253),» 253 -> 254",
    ],
  ],
];
