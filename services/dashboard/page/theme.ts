/** Puts the chosen colours on before anything is drawn; without a choice the system's are taken. */
export {};
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // A browser that keeps nothing.
}
