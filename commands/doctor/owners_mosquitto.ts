/** What an owner has written into the Mosquitto of this machine beside the package's file, and what comes of it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Finding } from "../../lib/findings.ts";

/** Where the package's own rules lie. */
export const DROP_IN = "etc/mosquitto/conf.d/ecoflow-power.conf";

/** Rules that say who gets in and where; the package's script looks for the same ones. */
export const OWN_RULES = [
  ...["listener", "port", "bind_address", "password_file", "acl_file", "allow_anonymous"],
  ...["per_listener_settings", "auth_plugin", "plugin", "psk_file"],
] as const;

/** Mosquitto's own port where nobody names one. */
const USUAL_PORT = 1883;

interface Rule {
  readonly file: string;
  readonly key: string;
  readonly value: string;
}

/**
 * A Mosquitto that is left alone because of its owner's rules. The daemon then has a broker inside, where that finds a free port.
 *
 * @param port Of the broker inside
 * @param root Below which Mosquitto's files lie; `/` on a real machine
 */
export function examineOwnersMosquitto(envPath: string, port: number, root: string): Finding[] {
  const rules = rulesOf(root);
  const [first] = rules;
  if (first === undefined) return [];
  const why = `Mosquitto here has rules of its owner (${textOf(first)}) and is left alone`;
  const cure =
    `set MQTT_HOST=127.0.0.1 in ${envPath}, and MQTT_USER and MQTT_PASS where it wants a login; then: ` +
    "sudo systemctl restart ecoflow-power";
  const ports = rules.filter(({ key }) => key === "listener" || key === "port").map(({ value }) =>
    Number(value.split(/\s/)[0])
  );
  return ports.includes(port) || (ports.length === 0 && port === USUAL_PORT)
    ? [{
      what: "broker",
      verdict: "bad",
      text: `${why}, and the daemon's own finds port ${port} taken: ${cure}`,
    }]
    : [{
      what: "broker",
      verdict: "unsure",
      text: `${why}: only NUT clients can be told; for agents ${cure}`,
    }];
}

/** Rules of an owner beside ours, in a Mosquitto that is the daemon's: it cannot start with both, or lets others in. */
export function examineRulesBeside(root: string): Finding[] {
  const ours = readFileSync(join(root, DROP_IN), "utf8").split("\n").map((line) => line.trim());
  const isSame = ({ key, value }: Rule) =>
    key !== "listener" && key !== "port" && ours.includes(`${key} ${value}`);
  const others = rulesOf(root).filter((rule) => !isSame(rule));
  if (others.length === 0) return [];
  const text =
    `beside ${DROP_IN.split("/").at(-1)} stands ${
      others.map(textOf).join(", ")
    }: with both Mosquitto does not start, ` +
    "or lets in whom it should not; take one of them out (docs/install.md), then: sudo systemctl restart mosquitto";
  return [{ what: "broker", verdict: "bad", text }];
}

function textOf({ file, key, value }: Rule): string {
  return `${basename(file)}: "${`${key} ${value}`.trim()}"`;
}

function rulesOf(root: string): Rule[] {
  const dir = join(root, "etc/mosquitto/conf.d");
  const dropIns = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".conf")).sort() : [];
  return [join(root, "etc/mosquitto/mosquitto.conf"), ...dropIns.map((name) => join(dir, name))]
    .filter((file) => file !== join(root, DROP_IN) && existsSync(file))
    .flatMap((file) =>
      readFileSync(file, "utf8").split("\n").flatMap((line) => {
        const [, key = "", value = ""] = /^\s*([a-z_]+)\s+(.*?)\s*$/.exec(line) ?? [];
        return (OWN_RULES as readonly string[]).includes(key) ? [{ file, key, value }] : [];
      })
    );
}
