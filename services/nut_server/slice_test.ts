import { deepEqual, equal } from "node:assert/strict";
import { DEFAULT_ROOTS } from "../../lib/mqtt/topics.ts";
import { listenTarget, nutServerTopics } from "./slice.ts";

Deno.test("nutServerTopics() grants its own hosts and nobody else's", () => {
  const topics = nutServerTopics({
    roots: DEFAULT_ROOTS,
    users: [{ name: "pve", password: "x", role: "secondary", host: "proxmox" }],
    upses: [{ name: "ups", device: "Study", host: "nas" }, { name: "ups2", device: "Study", host: "nas" }],
  });
  deepEqual(topics, {
    publishes: [
      "power-manager/nas/status",
      "power-manager/nas/ack",
      "power-manager/proxmox/status",
      "power-manager/proxmox/ack",
      "power-manager/events",
    ],
    subscribes: [
      "bridge-ecoflow/+/json/state",
      "power-manager/policy/+",
      "power-manager/nas/cmd",
      "power-manager/proxmox/cmd",
    ],
  });
});

Deno.test("listenTarget() puts IPv6 addresses in brackets", () => {
  equal(listenTarget({ listenHost: "192.168.1.10", port: 3493 }), "192.168.1.10:3493");
  equal(listenTarget({ listenHost: "fd00::1", port: 3493 }), "[fd00::1]:3493");
});
