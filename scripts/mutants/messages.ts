/** What the run of mutants and its children say to each other. */

/** Stands before each answer, so that what tests print is none. */
export const MARK = "@mutants ";

/** What one test needs and reaches. */
export interface TestReach {
  /** Its number in the order of the files. */
  readonly test: number;
  /** How long it takes. */
  readonly ms: number;
  /** Numbers of the mutants whose place it runs through. */
  readonly mutants: readonly number[];
}

/** One mutant and the tests that reach it, in the order to play them. */
export interface Play {
  readonly mutant: number;
  readonly tests: readonly number[];
}

/** What a child is told: where, which test files, and what to do with them. */
export type RunnerOrder =
  & {
    /** The folder of the copy as a URL that ends with a slash. */
    readonly root: string;
    readonly files: readonly string[];
  }
  & (
    | { readonly kind: "look" }
    | { readonly kind: "play"; readonly plays: readonly Play[] }
    | { readonly kind: "loaded_with"; readonly mutant: number; readonly leaveOut: readonly string[] }
  );

/** What a child answers. */
export type RunnerAnswer =
  | { readonly kind: "left_out"; readonly name: string; readonly file: string }
  | {
    readonly kind: "looked";
    readonly whileLoading: readonly number[];
    readonly tests: readonly TestReach[];
  }
  | { readonly kind: "start"; readonly mutant: number }
  /** One more test came to its end. */
  | { readonly kind: "goes_on" }
  /** `isClean` is false when the test that failed fails without the mutant too: this child is of no more use. */
  | { readonly kind: "end"; readonly mutant: number; readonly isKilled: boolean; readonly isClean: boolean };
