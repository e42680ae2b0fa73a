/** A cluster of Debian's RabbitMQ with its MQTT plugin, all nodes on loopback, in a folder of its own. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IssuedCertificate } from "../../../lib/certificates.ts";
import { freePort } from "../../simulate/mosquitto.ts";
import { pause } from "../figures/waiting.ts";

/** Debian's. */
export const RABBITMQ_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/** Erlang starts slowly on a busy machine. */
const COME_UP_MS = 300_000;

/** A login, and what it may. */
export interface ClusterUser {
  readonly name: string;
  readonly password: string;
  /** `tell_site`: write below `site/<its name>/`, read nothing. `read_sites`: read all sites, write nothing. `all`: all topics. */
  readonly may: "tell_site" | "read_sites" | "all";
}

/** One node. */
export interface RabbitNode {
  /** MQTT over TLS. */
  readonly port: number;
  /** Of the Erlang machine; changes with each start. */
  pid(): number;
  /** As a power cut would. */
  kill(): Promise<void>;
  /** Starts it again. Resolves when it takes connections. */
  start(): Promise<void>;
}

/** Starts `size` nodes that know each other. @throws Error when RabbitMQ is not installed, or does not come up */
export async function startRabbitCluster(
  dir: string,
  size: number,
  users: readonly ClusterUser[],
  tls: IssuedCertificate & { readonly ca: string },
): Promise<{ readonly nodes: readonly RabbitNode[]; stop(): Promise<void> }> {
  try {
    Deno.statSync(RABBITMQ_SERVER);
  } catch {
    throw new Error(
      "Cannot start RabbitMQ: it is not installed; get it with: apt-get install rabbitmq-server",
    );
  }
  const files = { ca: join(dir, "ca.pem"), cert: join(dir, "cert.pem"), key: join(dir, "key.pem") };
  writeFileSync(files.ca, tls.ca);
  writeFileSync(files.cert, tls.cert);
  writeFileSync(files.key, tls.key, { mode: 0o600 });
  writeFileSync(join(dir, "definitions.json"), JSON.stringify(definitions(users)), { mode: 0o600 });
  const names = Array.from({ length: size }, (_, i) => `fleet${i + 1}@localhost`);
  const epmdPort = freePort();
  const cookie = crypto.randomUUID();
  const nodes = names.map((name) => new Node(dir, name, names, files, { epmdPort, cookie }));
  const stop = async () => {
    for (const node of nodes) await node.kill();
    // Erlang's own directory of nodes; it ends when none is left that it knows.
    await new Deno.Command("epmd", {
      args: ["-port", String(epmdPort), "-kill"],
      stdout: "null",
      stderr: "null",
    }).output().catch(() => {});
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, stop };
}

/** Users, their rights, and that what waits for a session is kept on every node. */
function definitions(users: readonly ClusterUser[]) {
  const sessions = "^mqtt-subscription-.*";
  return {
    vhosts: [{ name: "/" }],
    users: users.map(({ name, password }) => ({ name, password, tags: "" })),
    permissions: users.map(({ name, may }) => ({
      user: name,
      vhost: "/",
      configure: sessions,
      write: `${sessions}|^amq\\.topic$`,
      read: may === "tell_site" ? sessions : `${sessions}|^amq\\.topic$`,
    })),
    topic_permissions: users.filter(({ may }) => may !== "all").map(({ name, may }) => ({
      user: name,
      vhost: "/",
      exchange: "amq.topic",
      // As docs/fleet.md says: one rule for all sites.
      write: may === "read_sites" ? "^$" : "^site\\.{username}\\..*",
      read: may === "read_sites" ? "^site\\..*" : "^$",
    })),
    policies: [{
      vhost: "/",
      name: "sessions",
      pattern: sessions,
      "apply-to": "queues",
      definition: { "ha-mode": "all", "ha-sync-mode": "automatic" },
    }],
  };
}

class Node implements RabbitNode {
  readonly port = freePort();
  readonly #amqpPort = freePort();
  readonly #distributionPort = freePort();
  readonly #dir: string;
  #child: Deno.ChildProcess | undefined;

  constructor(
    parent: string,
    private readonly name: string,
    names: readonly string[],
    tls: { readonly ca: string; readonly cert: string; readonly key: string },
    private readonly shared: { readonly epmdPort: number; readonly cookie: string },
  ) {
    this.#dir = join(parent, name);
    mkdirSync(join(this.#dir, "home"), { recursive: true });
    writeFileSync(join(this.#dir, "home/.erlang.cookie"), shared.cookie, { mode: 0o400 });
    writeFileSync(join(this.#dir, "plugins"), "[rabbitmq_mqtt].\n");
    const lines = [
      `listeners.tcp.1 = 127.0.0.1:${this.#amqpPort}`,
      "mqtt.listeners.tcp = none",
      `mqtt.listeners.ssl.1 = 127.0.0.1:${this.port}`,
      "mqtt.allow_anonymous = false",
      "mqtt.exchange = amq.topic",
      // A site or a reader that is away for a week keeps its session, ms.
      "mqtt.subscription_ttl = 604800000",
      `ssl_options.cacertfile = ${tls.ca}`,
      `ssl_options.certfile = ${tls.cert}`,
      `ssl_options.keyfile = ${tls.key}`,
      "cluster_formation.peer_discovery_backend = classic_config",
      ...names.map((one, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${one}`),
      `load_definitions = ${join(parent, "definitions.json")}`,
    ];
    writeFileSync(join(this.#dir, "rabbitmq.conf"), `${lines.join("\n")}\n`);
  }

  pid(): number {
    return Number(readFileSync(join(this.#dir, "mnesia", `${this.name}.pid`), "utf8").trim());
  }

  async start(): Promise<void> {
    const path = (name: string) => join(this.#dir, name);
    this.#child = new Deno.Command(RABBITMQ_SERVER, {
      env: {
        HOME: path("home"),
        ERL_EPMD_PORT: String(this.shared.epmdPort),
        RABBITMQ_CONF_ENV_FILE: "/dev/null",
        RABBITMQ_NODENAME: this.name,
        RABBITMQ_DIST_PORT: String(this.#distributionPort),
        RABBITMQ_MNESIA_BASE: path("mnesia"),
        RABBITMQ_LOG_BASE: path("log"),
        RABBITMQ_ENABLED_PLUGINS_FILE: path("plugins"),
        RABBITMQ_CONFIG_FILE: path("rabbitmq.conf"),
        // Idle threads must not spin where many nodes share a machine.
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+sbwt none +sbwtdcpu none +sbwtdio none",
      },
      stdout: "null",
      stderr: "null",
    }).spawn();
    const endMs = performance.now() + COME_UP_MS;
    for (;;) {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.port }).catch(() => undefined);
      if (conn) return conn.close();
      if (performance.now() > endMs) {
        throw new Error(`Cannot start RabbitMQ: ${this.name} took over ${COME_UP_MS / 1000} s`);
      }
      await pause(500);
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child) return;
    try {
      Deno.kill(this.pid(), "SIGKILL");
    } catch {
      child.kill("SIGKILL");
    }
    await child.status;
  }
}
