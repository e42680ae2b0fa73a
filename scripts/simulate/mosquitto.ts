/** A real Mosquitto of our own, on a free port, with passwords and access list, for simulations and tests. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrokerUser } from "../../services/broker_access.ts";
import { mosquittoAcl } from "../../services/broker_access.ts";

/** Who may connect, and with what; the access list comes with the user. */
export interface MosquittoOptions {
  /** Users with their passwords; absent: anybody may do anything. */
  readonly users?: readonly (BrokerUser & { readonly password: string })[];
  /** PEM texts of the server; absent: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** PEM authority; with it every client must show a certificate of its own that the authority issued. */
  readonly clientCa?: string;
  /**
   * When sessions and retained messages go to the disk: with each change, so that a power cut loses nothing and a test can
   * look at it, which lets hardly more than a hundred QoS 1 messages a second through; as the product's package sets it
   * up; or never, so that a restart forgets everything. With each change when absent.
   */
  readonly saves?: "each change" | "seldom" | "never";
}

/** A running broker. */
export interface Mosquitto {
  readonly port: number;
  /** Ends it as a power cut would; what it had persisted stays. */
  goDown(): Promise<void>;
  /** Ends it as the service manager would: it writes all sessions first. */
  goDownInOrder(): Promise<void>;
  /** Starts it again on the same port. */
  goUp(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** What the product's own configuration says of saving and queues. */
const PRODUCT_LIMITS = Deno.readTextFileSync(new URL("../../systemd/mosquitto.conf", import.meta.url)).split(
  "\n",
)
  .filter((line) => /^(autosave|max_(?!connections))/.test(line));

/** Starts one. @throws Error when Mosquitto is not installed or does not come up within 5 s */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-mosquitto-"));
  const port = freePort();
  writeFileSync(join(dir, "mosquitto.conf"), await configuration(dir, port, options));
  let child = await launch(dir, port);
  const end = async (signal: Deno.Signal) => {
    child.kill(signal);
    await child.status;
  };
  const goDown = () => end("SIGKILL");
  return {
    port,
    goDown,
    goDownInOrder: () => end("SIGTERM"),
    goUp: async () => {
      child = await launch(dir, port);
    },
    stop: async () => {
      try {
        await goDown();
      } catch {
        // It was down already.
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/**
 * Starts one with a configuration of the caller's.
 *
 * @param port Of its first listener, which is waited for; absent: it has none, as a bridge that only calls others
 * @param isIdle It runs when nobody else wants the processor: hundreds that stand for machines of their own must not take it from
 * what is measured, as Debian 12's does while TLS's greeting waits for its answer
 */
export async function startMosquittoWith(
  configuration: string,
  port?: number,
  isIdle = false,
): Promise<{ readonly pid: number; reload(): void; stop(): Promise<void>; stopInOrder(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-mosquitto-"));
  writeFileSync(join(dir, "mosquitto.conf"), `${Deno.uid() === 0 ? "user root\n" : ""}${configuration}`);
  const child = port === undefined ? spawnMosquitto(dir, isIdle) : await launch(dir, port, isIdle);
  const end = async (signal: Deno.Signal) => {
    child.kill(signal);
    await child.status;
    rmSync(dir, { recursive: true, force: true });
  };
  return {
    pid: child.pid,
    reload: () => child.kill("SIGHUP"),
    stop: () => end("SIGKILL"),
    stopInOrder: () => end("SIGTERM"),
  };
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function configuration(
  dir: string,
  port: number,
  { users, tls, clientCa, saves = "each change" }: MosquittoOptions,
): Promise<string> {
  const lines = [
    `listener ${port} 127.0.0.1`,
    // A command must not wait for a delayed acknowledgement of TCP.
    `set_tcp_nodelay true`,
    `sys_interval 1`,
    `persistence ${saves !== "never"}`,
    `persistence_location ${dir}/`,
    ...{
      "seldom": PRODUCT_LIMITS,
      "each change": ["autosave_interval 1", "autosave_on_changes true"],
      "never": [],
    }[saves],
    `allow_anonymous ${users === undefined && clientCa === undefined}`,
  ];
  if (Deno.uid() === 0) lines.push("user root");
  if (users) {
    const passwords = join(dir, "passwords");
    writeFileSync(passwords, users.map(({ username, password }) => `${username}:${password}\n`).join(""));
    chmodSync(passwords, 0o600);
    // Hashes the file in place, so that no password is on a command line.
    await runOrThrow("mosquitto_passwd", ["-U", passwords]);
    writeFileSync(join(dir, "acl"), mosquittoAcl(users));
    chmodSync(join(dir, "acl"), 0o600);
    lines.push(`password_file ${passwords}`, `acl_file ${dir}/acl`);
  }
  if (tls) {
    writeFileSync(join(dir, "server.pem"), tls.cert);
    writeFileSync(join(dir, "server.key"), tls.key, { mode: 0o600 });
    lines.push(`certfile ${dir}/server.pem`, `keyfile ${dir}/server.key`);
  }
  if (clientCa) {
    writeFileSync(join(dir, "clients.pem"), clientCa);
    lines.push(`cafile ${dir}/clients.pem`, "require_certificate true", "use_identity_as_username true");
  }
  return lines.join("\n") + "\n";
}

async function launch(dir: string, port: number, isIdle = false): Promise<Deno.ChildProcess> {
  const child = spawnMosquitto(dir, isIdle);
  for (let tries = 0; tries < 100; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return child;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  child.kill("SIGKILL");
  await child.status;
  throw new Error(`Cannot start Mosquitto: port ${port} did not open within 5 s`);
}

function spawnMosquitto(dir: string, isIdle = false): Deno.ChildProcess {
  const args = ["-c", join(dir, "mosquitto.conf")];
  for (const program of isIdle ? ["chrt"] : ["mosquitto", "/usr/sbin/mosquitto"]) {
    const all = isIdle ? ["--idle", "0", "/usr/sbin/mosquitto", ...args] : args;
    try {
      return new Deno.Command(program, { args: all, stdout: "null", stderr: "null" }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error("Cannot start Mosquitto: it is not installed; get it with: apt-get install mosquitto");
}

async function runOrThrow(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(`Cannot run ${program}: ${new TextDecoder().decode(stderr).trim()}`);
}
