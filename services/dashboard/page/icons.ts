/** The page's few signs, drawn in strokes. */
import { svg } from "./dom.ts";

const PATHS = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  battery: "M4 8h13v8H4zM20 11v2M7.5 10.5v3M10.5 10.5v3",
  alert: "M12 4l9 16H3zM12 10v4.5M12 17.2v.3",
  unknown: "M9 9.2a3 3 0 1 1 4.4 2.7c-1 .5-1.4 1-1.4 2.1M12 17.2v.3",
  off: "M12 3.5v8M7.5 6.6a7.5 7.5 0 1 0 9 0",
  grid: "M8 21l4-18 4 18M6 8h12M5 12h14M9.2 16l5.6 0M10 12l5 4M14 12l-5 4",
  house: "M4 11.5L12 5l8 6.5M6 10v9.5h12V10M10 19.5v-5h4v5",
  sun:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  moon: "M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z",
} as const;

/** The name of a sign. */
export type IconName = keyof typeof PATHS;

/** A sign, hidden from screen readers: words stand beside it. */
export function icon(name: IconName, className = "icon"): SVGSVGElement {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: className, "aria-hidden": "true", "data-icon": name },
    svg("path", { d: PATHS[name] }),
  );
}
