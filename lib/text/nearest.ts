/** The known name that somebody most likely meant. Pure. */

/** `; did you mean "X"?` when a known name is at most two edits away, else nothing. */
export function nearest(name: string, known: readonly string[]): string {
  // No name that is longer or shorter by more is as near, and a very long one would take very long.
  const near = known.filter(({ length }) => Math.abs(length - name.length) <= 2)
    .map((candidate) => ({ candidate, edits: editDistance(name, candidate) }))
    .sort((a, b) => a.edits - b.edits)[0];
  return near && near.edits <= 2 ? `; did you mean "${near.candidate}"?` : "";
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
