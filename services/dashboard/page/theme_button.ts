/** The button that switches between light and dark, and whoever must draw anew then. */
import { byId } from "./dom.ts";

/** Makes it work; call once. */
export function prepareTheme(onChange: () => void): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", onChange);
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
    root.dataset.theme = isDark ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // A browser that keeps nothing.
    }
    onChange();
  });
}
