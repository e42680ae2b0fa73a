import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Installation, typable } from "./typable.ts";

const START = "start it: sudo systemctl start ecoflow-power, and see: journalctl -u ecoflow-power";
const BRIDGE = "sudo systemctl restart ecoflow-power-bridge";
const rows: readonly [Installation, string, string][] = [
  ["package", START, START],
  ["checkout", START, "start it: deno task start, and see: what the daemon prints"],
  [
    "checkout",
    'look at: journalctl -u ecoflow-power -g "LOGIN REFUSED"',
    'look at: what the daemon prints, the lines with "LOGIN REFUSED"',
  ],
  ["package", "run: ecoflow-power keys add pc", "run: sudo ecoflow-power keys add pc"],
  ["package", "(ecoflow-power devices --cloud lists it)", "(sudo ecoflow-power devices --cloud lists it)"],
  ["package", "run: sudo ecoflow-power doctor", "run: sudo ecoflow-power doctor"],
  ["package", "Usage: ecoflow-power notify --test", "Usage: ecoflow-power notify --test"],
  ["package", "as ecoflow-power backup writes it", "as ecoflow-power backup writes it"],
  ["checkout", "run: ecoflow-power keys add pc", "run: deno run -A main.ts keys add pc"],
  ["checkout", "run: ecoflow-power drill --all", "run: deno task drill --all"],
  ["checkout", "see /etc/ecoflow-power/nut.toml", "see /etc/ecoflow-power/nut.toml"],
  ["checkout", "end it first: sudo systemctl stop ecoflow-power", "end it first: Ctrl+C where it runs"],
  ["checkout", BRIDGE, BRIDGE],
  ["container", "run: sudo ecoflow-power doctor", "run: docker compose run --rm setup doctor"],
  ["container", START, "start it: docker compose restart daemon, and see: docker compose logs daemon"],
  [
    "container",
    'is said by: journalctl -u ecoflow-power -g "LOGIN REFUSED"',
    'is said by: docker compose logs daemon | grep "LOGIN REFUSED"',
  ],
  [
    "container",
    "end it first: sudo systemctl stop ecoflow-power",
    "end it first: docker compose stop daemon",
  ],
  ["container", BRIDGE, "docker compose --profile fleet restart bridge"],
  [
    "container",
    "sudo systemctl enable --now ecoflow-power-bridge",
    "docker compose --profile fleet up --detach bridge",
  ],
  [
    "container",
    "is Mosquitto there? systemctl status mosquitto;",
    "is Mosquitto there? docker compose logs broker;",
  ],
  [
    "container",
    "Make one with: sudo ecoflow-power setup; or",
    "Make one with: docker compose run --rm setup; or",
  ],
  [
    "container",
    "sudo ecoflow-power setup --from FILE",
    "docker compose run --rm setup setup --from FILE",
  ],
  ["container", "/etc/ecoflow-power/ecoflow-power.env", "/etc/ecoflow-power/ecoflow-power.env"],
];
for (const [installation, text, wanted] of rows) {
  Deno.test(`typable() says for a ${installation}: ${wanted}`, () => {
    assert.equal(typable(text, installation), wanted);
  });
}

Deno.test("typable() names services that compose.yaml has", () => {
  const compose = readFileSync(new URL("../../compose.yaml", import.meta.url), "utf8");
  const services = [...compose.matchAll(/^ {2}([a-z]+):$/gm)].map(([, name]) => name);
  const typed = rows.filter(([installation]) => installation === "container").map(([, , text]) => text).join(
    "\n",
  );
  const named = [...typed.matchAll(/docker compose.*? (?:restart|logs|stop|--rm|--detach) ([a-z]+)/g)];
  assert.ok(named.length >= 6);
  assert.deepEqual(named.map(([, name]) => name).filter((name) => !services.includes(name)), []);
});
