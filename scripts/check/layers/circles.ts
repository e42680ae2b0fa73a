/** Finds files that import each other in a circle: none of them can be understood, tested or moved alone. Pure. */

/** Which files a file imports, by path from the project's root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** Every largest set of files that reach each other, each in order of names; a file alone is none. */
export function circlesIn(graph: ImportGraph): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const circles: string[][] = [];

  /** Tarjan: a file that reaches none above itself closes the set of all that were opened since. */
  const visit = (file: string) => {
    const own = order.size;
    order.set(file, own);
    let low = own;
    open.push(file);
    isOpen.add(file);
    for (const target of graph.get(file) ?? []) {
      if (!graph.has(target)) continue;
      if (!order.has(target)) visit(target);
      if (isOpen.has(target)) low = Math.min(low, lowest.get(target) ?? order.get(target) ?? low);
    }
    lowest.set(file, low);
    if (low !== own) return;
    const set = open.splice(open.indexOf(file));
    for (const member of set) isOpen.delete(member);
    if (set.length > 1 || graph.get(file)?.includes(file)) circles.push(set.sort());
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return circles;
}
