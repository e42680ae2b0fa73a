import assert from "node:assert/strict";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { agentPaths } from "../settings/paths.ts";
import type { HostPlatform } from "../platform/platform.ts";
import { installHere, serviceOf } from "./here.ts";
import { install, type InstallPorts, uninstall } from "./install.ts";
import { systemdUnit } from "./linux.ts";
import { installedArgv, installedBundle, launcher } from "./program.ts";

function host(
  name: HostPlatform["name"],
  change: Partial<InstallPorts> = {},
  files: Record<string, string> = {},
) {
  const ran: string[] = [];
  const said: string[] = [];
  const ports: InstallPorts = {
    paths: agentPaths(name),
    service: serviceOf(name),
    platform: name,
    program: { kind: "file", path: "/tmp/ecoflow-agent" },
    read: (path) => files[path],
    check: () => [],
    makeDir: () => {},
    write: (path, text) => void (files[path] = text),
    copyProgram: (from, to) => void (files[to] = `copy of ${from}`),
    remove(path) {
      for (const file of Object.keys(files)) if (file.startsWith(path)) delete files[file];
      return true;
    },
    run: (argv) => Promise.resolve((ran.push(argv.join(" ")), 0)),
    say: (text) => void said.push(text),
    ...change,
  };
  return { ports, files, ran, said };
}

const commands: Record<HostPlatform["name"], { installed: string[]; removed: string[]; status: string }> = {
  linux: {
    installed: [
      "systemctl daemon-reload",
      "systemctl enable ecoflow-agent.service",
      "systemctl restart ecoflow-agent.service",
    ],
    removed: ["systemctl disable --now ecoflow-agent.service", "systemctl daemon-reload"],
    status: "systemctl status --no-pager --lines=10 ecoflow-agent.service",
  },
  darwin: {
    installed: [
      "/bin/sh -c launchctl bootout system/power.ecoflow.agent 2>/dev/null; launchctl bootstrap system /Library/LaunchDaemons/power.ecoflow.agent.plist",
      "launchctl enable system/power.ecoflow.agent",
    ],
    removed: ["launchctl bootout system/power.ecoflow.agent"],
    status: "launchctl print system/power.ecoflow.agent",
  },
  windows: {
    installed: [
      "icacls.exe C:\\ProgramData\\ecoflow-agent /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F *S-1-5-32-544:(OI)(CI)F",
      "schtasks.exe /Create /TN ecoflow-agent /XML C:\\ProgramData\\ecoflow-agent\\ecoflow-agent.task.xml /F",
      "cmd.exe /d /c schtasks.exe /End /TN ecoflow-agent >nul 2>nul & exit /b 0",
      "schtasks.exe /Run /TN ecoflow-agent",
    ],
    removed: ["schtasks.exe /End /TN ecoflow-agent", "schtasks.exe /Delete /TN ecoflow-agent /F"],
    status: "schtasks.exe /Query /TN ecoflow-agent /V /FO LIST",
  },
};

for (const name of ["linux", "darwin", "windows"] as const) {
  const { installed, removed, status } = commands[name];
  Deno.test(`install() and uninstall() on ${name} run these commands, and keep configuration and key`, async () => {
    const { ports, files, ran } = host(name);
    const { paths, service } = ports;
    assert.equal(await install(ports), 0);
    assert.deepEqual(ran.splice(0), installed);
    assert.equal(service.status.join(" "), status);
    assert.equal(files[paths.binary], "copy of /tmp/ecoflow-agent");
    for (const { path, text } of service.files) {
      assert.equal(files[path], text);
      assert.ok(text.includes(paths.binary) && text.includes(paths.envFile));
    }
    files[paths.envFile] = "AGENT_ID=mine\n";
    assert.equal(await install(ports), 0);
    assert.equal(files[paths.envFile], "AGENT_ID=mine\n");
    ran.length = 0;
    assert.equal(await uninstall(ports, false), 0);
    assert.deepEqual(ran, removed);
    assert.deepEqual(Object.keys(files), [paths.envFile]);
    assert.equal(await uninstall(ports, true), 0);
    assert.deepEqual(files, {});
  });
}

for (const name of ["linux", "darwin", "windows"] as const) {
  Deno.test(`install() on ${name} of a runtime with its script copies both, and the service runs them`, async () => {
    const program = {
      kind: "bundle",
      runtime: "/tmp/a/runtime",
      script: "/tmp/a/main.js",
      flags: ["run", "--deny-ffi"],
    } as const;
    const paths = agentPaths(name);
    const words = installedArgv(program, paths, name);
    const { ports, files } = host(name, { program, service: serviceOf(name, words) });
    assert.equal(await install(ports), 0);
    const { runtime, script, flagsFile } = installedBundle(paths, name);
    assert.equal(files[runtime], "copy of /tmp/a/runtime");
    assert.equal(files[script], "copy of /tmp/a/main.js");
    assert.deepEqual(JSON.parse(files[flagsFile] ?? ""), program.flags);
    const [service] = ports.service.files;
    const text = files[service?.path ?? ""] ?? "";
    let from = 0;
    for (const word of [...words, "run", "--env", paths.envFile]) {
      from = text.indexOf(word, from);
      assert.ok(from >= 0, `${word} is not in its place in ${text}`);
      from += word.length;
    }
    assert.match(
      files[launcher(program, paths, name)?.path ?? ""] ?? "",
      name === "windows" ? /%\*/ : /"\$@"/,
    );
    assert.equal(await uninstall(ports, true), 0);
    assert.deepEqual(files, {});
  });
}

Deno.test("install() says what keeps it from it", async () => {
  const sources = host("linux", { program: undefined });
  assert.equal(await install(sources.ports), 1);
  assert.match(sources.said.join(), /must be the built program/);
  const rights = host("linux", {
    write: () => {
      throw new Error("permission denied");
    },
  });
  assert.equal(await install(rights.ports), 1);
  assert.match(rights.said.join(), /permission denied; run it as root/);
  const failing = host("linux", { run: () => Promise.resolve(5) });
  assert.equal(await install(failing.ports), 1);
  assert.match(failing.said.join(), /"systemctl daemon-reload" ended with code 5/);
  const missing = host("linux", { run: () => Promise.reject(new Error("no such program")) });
  assert.equal(await install(missing.ports), 1);
  assert.match(missing.said.join(), /no such program/);
});

Deno.test("install() replaces nothing when the service could not start with its configuration, and says why", async () => {
  const refusing = () => {
    throw new Error('SHUTDOWN_CMD must not use "sudo -u"');
  };
  const { ports, files, ran, said } = host("linux", { check: refusing });
  files[ports.paths.envFile] = "SHUTDOWN_CMD=sudo -u bob off\n";
  assert.equal(await install(ports), 1);
  assert.match(said.join(), /Cannot install: the service could not start with .*: SHUTDOWN_CMD must not use/);
  assert.deepEqual([ran, Object.keys(files)], [[], [ports.paths.envFile]]);
});

Deno.test("install() says what is read otherwise than it was written, and installs", async () => {
  const { ports, files, said } = host("linux", { check: () => ['ABORT_CMD: "sudo" is left out'] });
  files[ports.paths.envFile] = "ABORT_CMD=sudo shutdown -c\n";
  assert.equal(await install(ports), 0);
  assert.match(said.join("\n"), /^Note: ABORT_CMD: "sudo" is left out$/m);
});

Deno.test("install() over its own untouched template is no error", async () => {
  const { ports } = host("linux", { check: () => assert.fail("nothing to check yet") });
  assert.equal(await install(ports), 0);
  assert.equal(await install(ports), 0);
});

Deno.test("uninstall() goes on over what is gone already", async () => {
  const { ports, files } = host("linux", { run: () => Promise.resolve(1) });
  files[ports.paths.binary] = "x";
  assert.equal(await uninstall(ports, false), 0);
  assert.deepEqual(files, {});
});

Deno.test("systemdUnit() is the one in systemd/", () => {
  const path = new URL("../../systemd/ecoflow-agent.service", import.meta.url);
  assert.equal(Deno.readTextFileSync(path), systemdUnit());
});

Deno.test("uninstall() says what goes as soon as the program has ended, as Windows has it", async () => {
  const { ports, said } = host("windows", { remove: (path) => !path.endsWith(".exe") });
  assert.equal(await uninstall(ports, false), 0);
  assert.match(said.join("\n"), /ecoflow-agent\.exe: gone as soon as this program has ended\./);
  assert.match(said.at(-1) ?? "", /^Removed\./);
});

Deno.test("install() over a program that runs, and uninstall() by it, leave nothing behind", async () => {
  const dir = Deno.makeTempDirSync();
  try {
    const { copyProgram, remove } = installHere(Deno.build.os as HostPlatform["name"], () => {});
    const program = join(dir, Deno.build.os === "windows" ? "program.exe" : "program");
    // This test's own runtime, so that it runs where it lies.
    copyProgram(Deno.execPath(), program);
    const running = new Deno.Command(program, {
      args: ["eval", "setTimeout(() => {}, 60_000)"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    writeFileSync(join(dir, "next"), "the next version");
    copyProgram(join(dir, "next"), program);
    assert.equal(readFileSync(program, "utf8"), "the next version");
    running.kill();
    await running.status;
    copyProgram(join(dir, "next"), program);
    remove(join(dir, "next"));
    assert.deepEqual(readdirSync(dir), [basename(program)]);
    remove(program);
    assert.deepEqual(readdirSync(dir), []);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("a program that removes itself on Windows is gone a moment after its end", {
  ignore: Deno.build.os !== "windows",
}, async () => {
  const dir = Deno.makeTempDirSync();
  const program = join(dir, "ecoflow-agent.exe");
  copyFileSync(Deno.execPath(), program);
  const script = fileURLToPath(new URL("testdata/remove_itself.ts", import.meta.url));
  const { stdout } = await new Deno.Command(program, {
    args: ["run", "--quiet", "--allow-all", "--no-check", "--cached-only", script, dir],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "false");
  const endMs = Date.now() + 30_000;
  while (existsSync(dir)) {
    assert.ok(Date.now() < endMs, "it is still there");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});
