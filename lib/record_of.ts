/** A schema for an object whose keys are names from outside. */
import * as v from "valibot";
import { put } from "./own.ts";

/** An object from name to value, as it is read. */
type Names<S extends v.GenericSchema> = v.GenericSchema<
  Record<string, v.InferInput<S>>,
  Record<string, v.InferOutput<S>>
>;

/**
 * As `v.record(v.string(), values)`, but every name is read: the package leaves out `constructor`, `prototype` and
 * `__proto__` without a word, and a host may be called that.
 */
export function recordOf<const S extends v.GenericSchema>(values: S): Names<S> {
  const plain = v.record(v.string(), values);
  return {
    ...plain,
    get "~standard"() {
      return plain["~standard"];
    },
    "~run"(dataset, config) {
      const input = dataset.value;
      if (typeof input !== "object" || input === null || Array.isArray(input)) {
        return plain["~run"](dataset, config);
      }
      const output = {};
      const issues: v.BaseIssue<unknown>[] = [];
      let typed = true;
      for (const [key, value] of Object.entries(input)) {
        const result = values["~run"]({ value }, config);
        const step = { type: "unknown", origin: "value", input, key, value } as const;
        for (const issue of result.issues ?? []) {
          issues.push({ ...issue, path: [step, ...(issue.path ?? [])] });
        }
        if (!result.typed) typed = false;
        put(output, key as never, result.value as never);
      }
      const value = output as Record<string, v.InferOutput<S>>;
      if (issues.length === 0) return { typed: true, value };
      const found = issues as [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]];
      return typed ? { typed: true, value, issues: found } : { typed: false, value, issues: found };
    },
  };
}
