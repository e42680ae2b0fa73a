/** Comma-separated values as RFC 4180 has them, safe to open in a spreadsheet. Pure. */

/** A cell; absent: empty. */
export type Cell = string | number | boolean | undefined;

/** The table with its head, lines ended by CRLF. */
export function csvText(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((cells) => `${cells.map(cellText).join(",")}\r\n`).join("");
}

function cellText(cell: Cell): string {
  if (cell === undefined) return "";
  if (typeof cell !== "string") return String(cell);
  // A spreadsheet takes these beginnings for a formula; a quote in front makes it text.
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
