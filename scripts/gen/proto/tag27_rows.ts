/** Reads what tag 27 says in each recording. */
import { parseCapture } from "../../../commands/decode/captures.ts";
import { decodeCapture } from "../../../commands/decode/decode_capture.ts";
import { isObject } from "../../../services/soc_bridge/decode/keyed_values.ts";
import { TAG27_FIELD, TAG27_MESSAGE } from "../../../services/soc_bridge/decode/tag27_field.ts";
import type { Tag27Row } from "./devices_page.ts";

/** What is known of recordings that hold a battery report alone. */
const KNOWN_OTHERWISE: Readonly<Record<string, { present: boolean; known: string }>> = {
  "delta3-bms-heartbeat-ac-present": { present: true, known: "221 W in, recorded together" },
  "stream5000-bms-heartbeat": { present: true, known: "tied to the grid" },
};

/** One row for each recording with a battery report. @param files Name and text */
export async function readTag27Rows(files: readonly { name: string; text: string }[]): Promise<Tag27Row[]> {
  const rows: Tag27Row[] = [];
  for (const { name, text } of files) {
    const capture = name.replace(/\.json$/, "");
    const { messages, normalized, state } = await decodeCapture(parseCapture(text, name), name);
    const values = messages.flatMap((m) => {
      const value = m.name === TAG27_MESSAGE ? m.fields[TAG27_FIELD] : openApiField(m.fields);
      return typeof value === "number" ? [value] : [];
    });
    if (values.length === 0) continue;
    const judged = normalized["grid_present"];
    const other = KNOWN_OTHERWISE[capture];
    rows.push({
      capture,
      values,
      gridPresent: typeof judged === "boolean" ? judged : other?.present,
      known: state.grid_evidence ?? other?.known ?? "a battery report alone",
    });
  }
  return rows;
}

/** The developer API sends the pack's fields flat. */
function openApiField(fields: unknown): unknown {
  return isObject(fields) && "cellSeriesNum" in fields ? fields["outputWatts"] : undefined;
}
