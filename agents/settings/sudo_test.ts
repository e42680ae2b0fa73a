import assert from "node:assert/strict";
import { withoutSudo } from "./sudo.ts";

const sh = (line: string) => ["sh", "-c", line];
const dropped: readonly [before: readonly string[], after: readonly string[]][] = [
  [["sudo", "shutdown", "-h", "+1"], ["shutdown", "-h", "+1"]],
  [["/usr/bin/sudo", "shutdown", "-c"], ["shutdown", "-c"]],
  [["sudo", "-n", "-E", "--", "systemctl", "stop", "x"], ["systemctl", "stop", "x"]],
  [["sudo", "-u", "root", "-H", "sync"], ["sync"]],
  [["sudo", "--user=root", "sync"], ["sync"]],
  [["sudo", "A=1", "sync"], ["env", "A=1", "sync"]],
  [["sudo", "sudo", "sync"], ["sync"]],
  [["sudo", "sh", "-c", "sudo sync"], ["sh", "-c", "sync"]],
  [sh("sudo docker stop $(sudo docker ps -q)"), sh("docker stop $(docker ps -q)")],
  [sh("sudo -n a && sudo b; sudo c | sudo d"), sh("a && b; c | d")],
  [sh('echo "$(sudo a)" `sudo b`'), sh('echo "$(a)" `b`')],
  [sh("if sudo a; then sudo b; fi"), sh("if a; then b; fi")],
  [sh("A=1 sudo a"), sh("A=1 a")],
  [sh("(sudo a; { sudo -u root b; })"), sh("(a; { b; })")],
];
for (const [before, after] of dropped) {
  Deno.test(`withoutSudo() leaves it out of ${before.join(" ")}`, () => {
    assert.deepEqual(withoutSudo(before), { kind: "good", argv: after, isChanged: true });
  });
}

const kept: readonly (readonly string[])[] = [
  ["shutdown", "-h", "now"],
  ["echo", "sudo"],
  ["sudo-replay", "x"],
  sh("echo \"sudo a\"; echo '; sudo b'"),
  sh("echo sudo a"),
  sh("xargs sudo kill"),
  sh("echo \\; sudo a"),
];
for (const argv of kept) {
  Deno.test(`withoutSudo() leaves ${argv.join(" ")} as it is`, () => {
    assert.deepEqual(withoutSudo(argv), { kind: "good", argv, isChanged: false });
  });
}

const refused: readonly [argv: readonly string[], option: string][] = [
  [["sudo", "-u", "bob", "sync"], "-u"],
  [["sudo", "-ubob", "sync"], "-ubob"],
  [["sudo", "-b", "sync"], "-b"],
  [["sudo", "-i"], "-i"],
  [["sudo"], "without a command"],
  [sh("sync; sudo -u bob a"), "-u"],
];
for (const [argv, option] of refused) {
  Deno.test(`withoutSudo() refuses ${argv.join(" ")} and says what to write`, () => {
    const found = withoutSudo(argv);
    assert.equal(found.kind, "refused");
    assert.ok(found.kind === "refused" && found.why.includes(`"sudo ${option}"`), JSON.stringify(found));
    assert.match(found.kind === "refused" ? found.why : "", /systemd-run --wait --pipe --uid=USER/);
  });
}
