/**
 * What is inside the programs, as a CycloneDX list: the runtime and every package in them.
 *
 * Run: deno run --allow-read scripts/release/sbom.ts
 */
import { Buffer } from "node:buffer";
import { VERSION } from "../../lib/version.ts";
import { packagesInside } from "../build/program_packages.ts";
import { RUNTIME_VERSION } from "../build/runtime.ts";

/** One thing inside. */
export interface Component {
  readonly type: "library" | "platform";
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

/** The parts of a lock file that are read. */
export interface Locked {
  readonly npm: Readonly<Record<string, { readonly integrity?: string }>>;
}

/** The list, CycloneDX 1.5. @param lock By name and version, as `deno.lock` has it */
export function sbom(version: string, runtime: string, lock: Locked) {
  const components: Component[] = [
    { type: "platform", name: "deno", version: runtime, purl: `pkg:github/denoland/deno@v${runtime}` },
  ];
  for (const [key, { integrity }] of Object.entries(lock.npm).sort(([a], [b]) => (a < b ? -1 : 1))) {
    // What comes after "_" is which peers it was resolved with.
    const [, name = "", locked = ""] = /^(@?[^@]+)@([^_]+)/.exec(key) ?? [];
    components.push({
      type: "library",
      name,
      version: locked,
      purl: `pkg:npm/${name.replace("@", "%40")}@${locked}`,
      ...(integrity?.startsWith("sha512-")
        ? {
          hashes: [{
            alg: "SHA-512" as const,
            content: Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex"),
          }],
        }
        : {}),
    });
  }
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { type: "application", name: "ecoflow-power", version } },
    components,
  };
}

if (import.meta.main) {
  const lock = { npm: { ...packagesInside("agent"), ...packagesInside("daemon") } };
  const text = `${JSON.stringify(sbom(VERSION, RUNTIME_VERSION, lock), null, 2)}\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
