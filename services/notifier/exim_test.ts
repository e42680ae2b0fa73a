/** Mail handed to Debian's Exim, which wants what a careful server wants: TLS, a log-in, and a full name in the greeting. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EmailSettings } from "../../lib/config/notifier/notifier_keys.ts";
import { createAuthority } from "../../lib/certificates.ts";
import { freePort } from "../../scripts/simulate/mosquitto.ts";
import { SendError } from "./channel.ts";
import { openChannel } from "./channels/table.ts";

const EXIM = "/usr/sbin/exim4";
const ignore = Deno.build.os !== "linux" || !existsSync(EXIM) || Deno.uid() !== 0;
const NEVER = new AbortController().signal;
const post = () => Promise.reject(new Error("no HTTP here"));
const MESSAGE = {
  title: "‼ Study: SHUTDOWN TRIGGERED",
  text: "20:00:00  Study: SHUTDOWN TRIGGERED\n20:03:00  Study: the grid is back",
  severity: "danger",
} as const;

async function withExim(run: (settings: EmailSettings, caPem: string, mail: () => string) => Promise<void>) {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-exim-"));
  // Exim gives up root, and writes here as a user of its own.
  for (const path of [dir, join(dir, "spool"), join(dir, "log"), join(dir, "mail")]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o777);
  }
  const authority = await createAuthority();
  const { cert, key } = await authority.issue();
  for (const [name, text] of [["cert.pem", cert], ["key.pem", key]] as const) {
    writeFileSync(join(dir, name), text, { mode: 0o644 });
  }
  const port = freePort();
  writeFileSync(
    join(dir, "exim.conf"),
    String.raw`primary_hostname = mail.test
daemon_smtp_ports = ${port}
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = ${dir}/cert.pem
tls_privatekey = ${dir}/key.pem
spool_directory = ${dir}/spool
log_file_path = ${dir}/log/%slog
pid_file_path = ${dir}/exim.pid
deliver_drop_privilege = true
acl_smtp_helo = acl_helo
acl_smtp_rcpt = acl_rcpt
begin acl
acl_helo:
  deny condition = \${if match{$sender_helo_name}{\\.}{no}{yes}}
       message = a full name is wanted
  accept
acl_rcpt:
  deny !encrypted = *
  deny !authenticated = *
  deny local_parts = nobody
       message = no such person
  accept
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = ${dir}/mail/all
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{me}}{eq{$auth3}{mail-secret}}}}
  server_advertise_condition = \${if def:tls_in_cipher}
`.replaceAll("\\${", "${"),
  );
  const child = new Deno.Command(EXIM, {
    args: ["-bdf", "-q1h", "-C", join(dir, "exim.conf")],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await until(() =>
      Deno.connect({ hostname: "127.0.0.1", port }).then((one) => (one.close(), true), () => false)
    );
    const login = { user: "me", pass: "mail-secret" };
    const addresses = { from: "pi@example.com", to: ["me@example.com"] };
    const settings: EmailSettings = {
      name: "email",
      host: "127.0.0.1",
      port,
      tls: "starttls",
      login,
      ...addresses,
    };
    await run(settings, authority.caPem, () => {
      const path = join(dir, "mail/all");
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    });
  } finally {
    child.kill("SIGTERM");
    await child.status;
    rmSync(dir, { recursive: true, force: true });
  }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("waited 20 s in vain");
}

Deno.test({
  name: "email goes through Exim to its reader, marked as a program's own, and is refused with the reason",
  ignore,
  fn: () =>
    withExim(async (settings, caPem, mail) => {
      const send = (change: Partial<EmailSettings>, hostName?: string) =>
        openChannel({ ...settings, ...change }, post, { caPem, hostName }).send(MESSAGE, NEVER);
      await send({}, "pi");
      await until(() => mail().includes("SHUTDOWN TRIGGERED"));
      assert.match(mail(), /^Auto-Submitted: auto-generated$/m);
      assert.match(mail(), /^Received: from .*\bhelo=pi\.local\b/m);
      assert.match(mail(), /^20:03:00 {2}Study: the grid is back$/m);
      // Without a name of its own it greets with an address.
      await send({});
      await until(() => mail().includes("[127.0.0.1]"));
      const refusals: readonly [Partial<EmailSettings>, RegExp][] = [
        [{ login: { user: "me", pass: "wrong" } }, /535/],
        [{ login: undefined }, /550/],
        [{ to: ["nobody@example.com"] }, /no such person/],
      ];
      for (const [change, reason] of refusals) {
        await assert.rejects(
          send(change, "pi"),
          (error) => error instanceof SendError && error.isFinal && reason.test(error.message),
        );
      }
    }),
});
