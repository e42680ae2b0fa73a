import assert from "node:assert/strict";
import { asService, keepsRightsLow } from "./as_service.ts";
import { systemdUnit } from "../install/linux.ts";

const UNIT = `# /etc/systemd/system/ecoflow-agent.service
[Unit]
After=network.target
[Service]
Type=exec
ExecStart=/usr/local/bin/ecoflow-agent run
Restart=always
NoNewPrivileges=yes
# a comment
CapabilityBoundingSet=
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
[Install]
WantedBy=multi-user.target

# /etc/systemd/system/ecoflow-agent.service.d/override.conf
[Service]
ReadWritePaths=/srv/a \\
  /srv/b
`;

Deno.test("asService() hands on what the unit may do, in its order, and nothing of how it is started", () => {
  assert.deepEqual(asService(UNIT, ["sync", "-f"], 29.5), [
    ...["systemd-run", "--quiet", "--wait", "--pipe", "--collect"],
    ...["-p", "NoNewPrivileges=yes", "-p", "CapabilityBoundingSet="],
    ...["-p", "SystemCallFilter=@system-service", "-p", "SystemCallFilter=~@privileged"],
    ...["-p", "ReadWritePaths=/srv/a    /srv/b", "-p", "RuntimeMaxSec=30", "--", "sync", "-f"],
  ]);
});

Deno.test("asService() of our own unit keeps its sandbox", () => {
  const words = asService(systemdUnit(), ["x"]);
  for (const line of ["ProtectSystem=strict", "ProtectHome=yes", "StateDirectory=ecoflow-agent"]) {
    assert.ok(words.includes(line), line);
  }
  assert.ok(!words.some((word) => /^(Exec|Restart|Type)/.test(word)));
});

Deno.test("keepsRightsLow() follows the last word about it", () => {
  assert.equal(keepsRightsLow(systemdUnit()), true);
  assert.equal(keepsRightsLow(`${UNIT}NoNewPrivileges=no\n`), false);
  assert.equal(keepsRightsLow("[Service]\n"), false);
});
