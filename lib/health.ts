/** The health of one service: a set of named conditions, empty when all is well. */

/** A host that a condition is about. */
export interface HostCondition {
  readonly host: string;
  /** Why its client was last refused, with user and address; absent: it was not. */
  readonly refused?: string;
}

/** Something that is wrong now. */
export interface HealthCondition {
  /** Stable name in snake_case, for example `broker_unreachable`. */
  readonly code: string;
  /** `warning`: works with less; `error`: does not do its job. */
  readonly severity: "warning" | "error";
  /** One sentence for a person, without secrets. */
  readonly text: string;
  /** What it means to single hosts; absent: it is about none. */
  readonly hosts?: readonly HostCondition[];
}

/** What a service can say about itself. */
export interface Health {
  /** Declares or renews a condition. */
  raise(condition: HealthCondition): void;
  /** Ends a condition; unknown codes are no error. */
  clear(code: string): void;
  /** The conditions that hold now, oldest first. */
  list(): readonly HealthCondition[];
}

/** A {@link Health} that calls `changed` whenever the set differs from before. */
export function createHealth(changed: () => void = () => {}): Health {
  const conditions = new Map<string, HealthCondition>();
  return {
    raise(condition) {
      const before = conditions.get(condition.code);
      if (before && JSON.stringify(before) === JSON.stringify(condition)) return;
      conditions.set(condition.code, condition);
      changed();
    },
    clear(code) {
      if (conditions.delete(code)) changed();
    },
    list: () => [...conditions.values()],
  };
}
