/**
 * The official Deno runtime, for programs that are a runtime with our bundle beside it: where no program can be compiled, and
 * for every processor. It comes from npm, and nothing but the very bytes that are named here is taken.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Target } from "./targets.ts";

/** The version that is taken; the project's own is the same, which a test sees to. */
export const RUNTIME_VERSION = "2.9.6";

/** Of each system: npm's package, and npm's integrity of it. */
export const RUNTIMES: Readonly<Record<Target, { readonly name: string; readonly integrity: string }>> = {
  "x86_64-unknown-linux-gnu": {
    name: "linux-x64-glibc",
    integrity:
      "sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==",
  },
  "aarch64-unknown-linux-gnu": {
    name: "linux-arm64-glibc",
    integrity:
      "sha512-poqhoH9B3nYloigEMPT5t8HY+wBeiuea1An5Q7fqgJzP0SYmWsoS/oUnWO/pEiA4ofzIBy1Elt/in58xKtxEoQ==",
  },
  "x86_64-pc-windows-msvc": {
    name: "win32-x64",
    integrity:
      "sha512-qRGnmVz/Ea6UWPht/S3xFRK17UZ/ls38DSVfgGB17fpASLxPkksqzWUI/BzL9YYoOknYzfc94mySGyInZu/JXw==",
  },
  "x86_64-apple-darwin": {
    name: "darwin-x64",
    integrity:
      "sha512-tPi3CWPRdjW1MaWlvWjORE7Ass5SADdWdj1BF1Q1PEdzi+5u/mC5YhmZzniMiPr81PpaFeqjXaLAsfb8lFsZ0Q==",
  },
  "aarch64-apple-darwin": {
    name: "darwin-arm64",
    integrity:
      "sha512-V8uO1Aolrl/yvdMb5lOtgtigs8YuZBjrOrgviVMiYkQ0swymFfzkae1wZak4Xi24t7vf7d/eiMb/7ryjjVm+tg==",
  },
};

/** Where runtimes are kept between builds. */
const cacheOfUser = () => join(homedir(), ".cache/ecoflow-power/runtimes");

/**
 * The runtime of a system, downloaded once a machine; `NPM_CONFIG_REGISTRY` names another registry than npm's own.
 *
 * @param cache Where it is kept
 * @returns the path of the executable
 * @throws Error when it cannot be had, or is not the one that is named here
 */
export async function fetchRuntime(target: Target, cache = cacheOfUser()): Promise<string> {
  const { name, integrity } = RUNTIMES[target];
  const isWindows = target.includes("windows");
  const dir = join(cache, `${name}-${RUNTIME_VERSION}`);
  const path = join(dir, isWindows ? "deno.exe" : "deno");
  if (existsSync(path)) return path;
  const registry = (Deno.env.get("NPM_CONFIG_REGISTRY") ?? "https://registry.npmjs.org").replace(/\/$/, "");
  const url = `${registry}/@deno/${name}/-/${name}-${RUNTIME_VERSION}.tgz`;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`Cannot get the runtime: "${url}" answers ${response.status}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  checkIntegrity(bytes, integrity, url);
  // Whole or not at all: the next build takes what has its name.
  const part = `${dir}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  const archive = join(part, "package.tgz");
  writeFileSync(archive, bytes);
  const inside = `package/${isWindows ? "deno.exe" : "deno"}`;
  const { success, stderr } = await new Deno.Command("tar", {
    args: ["-xzf", archive, "-C", part, "--strip-components=1", inside],
  }).output();
  if (!success) throw new Error(`Cannot unpack the runtime: ${new TextDecoder().decode(stderr).trim()}`);
  rmSync(archive);
  chmodSync(join(part, isWindows ? "deno.exe" : "deno"), 0o755);
  rmSync(dir, { recursive: true, force: true });
  renameSync(part, dir);
  return path;
}

/** @throws Error naming both when the bytes are other ones */
export function checkIntegrity(bytes: Uint8Array, integrity: string, what: string): void {
  const found = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  if (found !== integrity) {
    throw new Error(`Cannot use "${what}": must have integrity ${integrity}, found ${found}`);
  }
}
