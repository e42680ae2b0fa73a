/** The installation of this host: real files and programs. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { textFile } from "../../lib/files/text_file.ts";
import { agentPaths } from "../settings/paths.ts";
import type { Argv, HostPlatform } from "../platform/platform.ts";
import type { InstallPorts } from "./install.ts";
import { linuxService } from "./linux.ts";
import { FLAGS_FILE, installedArgv, type OwnProgram } from "./program.ts";
import { macosService } from "./macos.ts";
import type { ServicePlan } from "./service_plan.ts";
import { windowsService } from "./windows.ts";
import { own } from "../../lib/own.ts";

/** The service plan of a system. @param program The words that run the agent; the installed single program when absent */
export function serviceOf(platform: HostPlatform["name"], program?: Argv): ServicePlan {
  return own({ linux: linuxService, darwin: macosService, windows: windowsService }, platform)(program);
}

/** This process's own program; undefined: it runs from its sources and cannot be installed. */
export function ownProgram(): OwnProgram | undefined {
  if (Deno.build.standalone) return { kind: "file", path: Deno.execPath() };
  if (!Deno.mainModule.startsWith("file:")) return undefined;
  const script = fileURLToPath(Deno.mainModule);
  const flagsFile = join(dirname(script), FLAGS_FILE);
  if (!script.endsWith("main.js") || !existsSync(flagsFile)) return undefined;
  const flags = JSON.parse(readFileSync(flagsFile, "utf8")) as Argv;
  return { kind: "bundle", runtime: Deno.execPath(), script, flags };
}

/** What {@link install} needs, for real. */
export function installHere(
  platform: HostPlatform["name"],
  say: (text: string) => void,
): Omit<InstallPorts, "check"> {
  const paths = agentPaths(platform);
  const program = ownProgram();
  return {
    paths,
    platform,
    service: serviceOf(platform, installedArgv(program, paths, platform)),
    program,
    read: (path) => textFile(path).read(),
    makeDir: (path, mode) => void mkdirSync(path, { recursive: true, mode }),
    write(path, text, mode) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.new`, text, { mode });
      renameSync(`${path}.new`, path);
    },
    copyProgram(from, to) {
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(from, `${to}.new`);
      chmodSync(`${to}.new`, 0o755);
      replaceProgram(`${to}.new`, to);
    },
    remove: removeProgram,
    async run([program = "", ...args]) {
      const { code } = await new Deno.Command(program, { args, stdin: "null" }).output().then((result) => {
        Deno.stdout.writeSync(result.stdout);
        Deno.stderr.writeSync(result.stderr);
        return result;
      });
      return code;
    },
    say,
  };
}

/** Windows keeps a program that runs from being replaced and from being removed, but not from being renamed. */
function replaceProgram(next: string, to: string): void {
  removeOld(to);
  try {
    renameSync(next, to);
  } catch (error) {
    if (Deno.build.os !== "windows" || !existsSync(to)) throw error;
    renameSync(to, `${to}${OLD}${Date.now()}`);
    renameSync(next, to);
  }
}

/** Behind a program's name: one of before that ran when it was replaced. */
const OLD = ".old-";

function removeOld(program: string): void {
  const dir = dirname(program);
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir)) {
    if (!name.startsWith(`${basename(program)}${OLD}`)) continue;
    try {
      rmSync(join(dir, name));
    } catch {
      // It still runs: the next installation removes it.
    }
  }
}

/** @returns false when it goes as soon as this program has ended */
function removeProgram(path: string): boolean {
  removeOld(path);
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch (error) {
    const own = Deno.execPath().toLowerCase();
    const isOurs = own === path.toLowerCase() || own.startsWith(`${path.toLowerCase()}\\`);
    if (Deno.build.os !== "windows" || !isOurs) throw error;
    // A shell that outlives us tries for half a minute; it has no other word that waits.
    const line = [1, 2, 4, 8, 15].map((sec) =>
      `ping -n ${
        sec + 1
      } 127.0.0.1 >nul 2>nul & del /f /q "${path}" >nul 2>nul & rmdir /s /q "${path}" >nul 2>nul`
    ).join(" & ");
    new Deno.Command("cmd.exe", {
      args: ["/d", "/s", "/c", `"${line}"`],
      windowsRawArguments: true,
      detached: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn().unref();
    return false;
  }
}
