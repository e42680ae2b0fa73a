/** The history as a file: `/history/export?kind=…&format=csv|json&from=…&to=…&device=…`. */
import type { HistoryAnswer } from "../../../lib/messages/history_answer.ts";
import type { HistoryQuery } from "../../../lib/messages/history_query.ts";
import { type Cell, csvText } from "../past/csv.ts";
import { errorReply, type HttpReply, type HttpRequest } from "../http/message.ts";
import type { Route } from "./route.ts";
import { own } from "../../../lib/own.ts";

/** Asks the historian; undefined: it does not answer. */
export type AskHistorian = (query: Omit<HistoryQuery, "id">) => Promise<HistoryAnswer | undefined>;

/** Columns of each kind, as they are named in the file. */
const COLUMNS = {
  samples: [
    "at",
    "seconds",
    "soc",
    "soc_min",
    "in_watts",
    "in_watts_max",
    "out_watts",
    "out_watts_max",
    "grid_percent",
    "ac_in_watts",
    "dc_in_watts",
  ],
  events: ["ts", "kind", "severity", "source", "device", "agent", "text"],
  energy: [
    ...["device", "day", "in_wh", "in_s", "out_wh", "out_s"],
    ...["ac_in_wh", "ac_in_s", "dc_in_wh", "dc_in_s"],
  ],
  outages: ["device", "from", "from_seen", "to", "to_seen", "soc_start", "soc_lowest", "soc_end"],
} as const;

type Kind = keyof typeof COLUMNS;
type Line = Readonly<Record<string, Cell>>;

/** A file has at most this many rows: what a spreadsheet still opens. */
const MAX_ROWS = 100_000;

/** Makes the route. */
export function exportRoutes(ask: AskHistorian, nowWallMs: () => number): readonly Route[] {
  return [{
    method: "GET",
    path: "/history/export",
    access: "read",
    handle: (request) => answer(request, ask, nowWallMs()),
  }];
}

async function answer({ query }: HttpRequest, ask: AskHistorian, nowMs: number): Promise<HttpReply> {
  const kind = query.get("kind") ?? "";
  const format = query.get("format") ?? "csv";
  const device = query.get("device") ?? undefined;
  const fromMs = timeOf(query.get("from"), nowMs - 7 * 86_400_000);
  const toMs = timeOf(query.get("to"), nowMs);
  if (!isKind(kind)) return errorReply(400, `kind must be ${Object.keys(COLUMNS).join(", ")}`);
  if (format !== "csv" && format !== "json") return errorReply(400, "format must be csv or json");
  if (device !== undefined && (device === "" || device.length > 64)) {
    return errorReply(400, "device must be the name of a station");
  }
  if (kind === "samples" && device === undefined) return errorReply(400, "samples need a device");
  if (fromMs === undefined || toMs === undefined || toMs < fromMs) {
    return errorReply(400, "from and to must be ISO 8601 times, from before to");
  }
  const lines = await readAll(kind, { device, from_ms: fromMs, to_ms: toMs }, ask);
  if (lines === "too many") {
    return errorReply(400, `that is more than ${MAX_ROWS} rows: name a shorter time with from and to`);
  }
  if (!lines) return errorReply(503, "The historian does not answer: is HISTORY on?", { "retry-after": "5" });
  const name = `ecoflow-${kind}-${new Date(nowMs).toISOString().slice(0, 10)}.${format}`;
  const head = COLUMNS[kind];
  return {
    status: 200,
    headers: {
      "content-type": format === "csv" ? "text/csv; charset=utf-8" : "application/json; charset=utf-8",
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "no-store",
    },
    body: format === "csv"
      ? csvText(head, lines.map((line) => head.map((column) => own(line, column))))
      : `${JSON.stringify(lines)}\n`,
  };
}

/** Reads page after page. @returns undefined when the historian stops answering; never a part of what was asked for */
async function readAll(
  kind: Kind,
  range: Pick<HistoryQuery, "device" | "from_ms" | "to_ms">,
  ask: AskHistorian,
): Promise<Line[] | "too many" | undefined> {
  let lines: Line[] = [];
  let next: Omit<HistoryQuery, "id"> = { kind, ...range };
  for (;;) {
    const page = await ask(next);
    if (!page) return undefined;
    lines.push(...linesOf(page));
    if (lines.length > MAX_ROWS) return "too many";
    if (!page.more) return lines;
    const lastSample = page.samples?.at(-1);
    const lastDay = page.energy?.at(-1)?.day;
    const after = page.events?.at(-1)?.seq ?? page.outages?.at(-1)?.seq;
    if (lastSample && page.step_s) {
      next = { ...next, step_s: page.step_s, from_ms: (lastSample.at_s + page.step_s) * 1000 };
    } else if (after !== undefined) next = { ...next, after };
    else if (lastDay !== undefined) {
      // The page may end within a day: that day is read again, whole. Noon is on the same day for the historian.
      const isWholeDayAhead = page.energy?.[0]?.day !== lastDay;
      if (!isWholeDayAhead) return lines;
      lines = lines.filter(({ day }) => day !== lastDay);
      next = { ...next, from_ms: new Date(`${lastDay}T12:00:00`).getTime() };
    } else return lines;
  }
}

function linesOf({ samples, events, energy, outages }: HistoryAnswer): Line[] {
  const iso = (ms: number | undefined) => ms === undefined ? undefined : new Date(ms).toISOString();
  return [
    ...samples?.map(({ at_s, ...row }) => ({ at: iso(at_s * 1000), ...row })) ?? [],
    ...events?.map(({ seq: _, ...row }) => row) ?? [],
    ...energy ?? [],
    ...outages?.map(({ seq: _, from_ms, to_ms, ...row }) => ({
      from: iso(from_ms),
      to: iso(to_ms),
      ...row,
    })) ?? [],
  ];
}

function timeOf(text: string | null, preset: number): number | undefined {
  if (text === null) return Math.round(preset);
  const ms = text.length <= 32 ? Date.parse(text) : NaN;
  return Number.isFinite(ms) && ms >= 0 && ms <= Date.UTC(2200, 0, 1) ? ms : undefined;
}

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(COLUMNS, kind);
}
