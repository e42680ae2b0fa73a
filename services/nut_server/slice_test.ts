import { deepEqual, equal, throws } from "node:assert/strict";
import { DEFAULT_ROOTS } from "../../lib/mqtt/topics.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { listenTarget, nutServerSlice, nutServerTopics } from "./slice.ts";

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

for (
  const [device, wanted] of [
    ["Study", undefined],
    ["Studdy", /ups "ups": there is no station "Studdy"; did you mean "Study"\?/],
    ["R651AAAA1", /ups "ups": there is no station "R651AAAA1"; write "Study", whose serial number it is/],
    ["Fed by somebody else", undefined],
  ] as const
) {
  Deno.test(`nutServerSlice() ${wanted ? "refuses" : "takes"} a UPS of the station ${device}`, () => {
    const nut =
      `allow = ["192.168.1.0/24"]\n[[user]]\nname = "u"\npassword = "p"\n[[ups]]\nname = "ups"\ndevice = "${device}"\n`;
    const house = loadConfig({
      environment: {
        ECOFLOW_CLOUD: "off",
        ECOFLOW_DEVICE_LIST: "R651AAAA1:Study",
        NUT_LISTEN_HOST: "192.168.1.10",
        NUT_CONFIG_FILE: "/nut.toml",
      },
      exists: () => false,
      readFile: () => nut,
    });
    if (wanted) throws(() => nutServerSlice(house), wanted);
    else deepEqual(nutServerSlice(house).upses.map((ups) => ups.device), [device]);
  });
}
