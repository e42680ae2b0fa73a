/** Loaded before the tests by `deno test --preload`: lets the mutant of the environment hold. */
const active = Number(Deno.env.get("ACTIVE_MUTANT"));
Object.assign(globalThis, { isMutant: (number: number) => number === active });
