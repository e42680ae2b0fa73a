/**
 * Writes the diagram of docs/policy.md anew from the table of transitions that the tests play.
 *
 * Run: deno run --allow-read --allow-write=docs scripts/gen/gen_policy_docs.ts
 */
import { transitionDiagram } from "../../services/policy_engine/testdata/transitions.ts";

const PAGE = new URL("../../docs/policy.md", import.meta.url);

const page = Deno.readTextFileSync(PAGE);
Deno.writeTextFileSync(
  PAGE,
  page.replace(/```mermaid\n[^]*?\n```/, `\`\`\`mermaid\n${transitionDiagram()}\n\`\`\``),
);
