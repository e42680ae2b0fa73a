/** Mutants that no test can or need notice, each with the reason. Everything else that survives is a missing test. */
export const EXPLAINED: ReadonlyMap<string, string> = new Map([]);
