/**
 * Where each document's commands are pasted: into a fresh clone, into a blank Debian with the package, or nowhere, and why.
 * In the order of a house: from the first look to the removal. Pure.
 */

/** One block of a document. The blocks of one document stand in the document's order. */
export interface Stop {
  readonly document: string;
  /** The block's first command, without its remark. */
  readonly begins: string;
  /** `skipped`: nowhere. */
  readonly place: "checkout" | "package" | "skipped";
  /** Of a skipped one: what it would need, and where the same is tried. */
  readonly reason?: string;
  /** What a reader has done by then, as a shell script. */
  readonly before?: string;
  /** What a reader types otherwise, as the text around the block says. */
  readonly otherwise?: readonly (readonly [shown: string, typed: string])[];
  /** Lines that are left out. They count as skipped, each with its reason. */
  readonly without?: readonly (readonly [line: string, reason: string])[];
  /** It goes on for ever: it has worked when it says this. */
  readonly until?: string;
}

const README = "README.md";
const ADD = "docs/add-a-host.md";
const LAN = "needs a NUT client in the LAN: services/nut_server/tests/ has Debian's, against the real server";
const KEPT = "grep ^ecoflow-agent-1 /root/paste.log | tail -n 1 >/root/pairing-line";
const CONFIGURATION = "/etc/ecoflow-power/ecoflow-power.env";
/** Asked for the line, a reader pastes what `keys add` printed. */
const PAIR = ["./ecoflow-agent pair", "./ecoflow-agent pair </root/pairing-line"] as const;
/** A container has its machine's clock, which no service of its own keeps: doctor minds that, and must mind nothing else. */
const AGENT_DOCTOR = [
  "sudo ecoflow-agent doctor",
  "sudo ecoflow-agent doctor >/root/doctor || true; cat /root/doctor; grep ok /root/doctor; ! grep WRONG /root/doctor | grep -v clock:",
] as const;
/** On a PC, with answers from a file. */
const PACKAGE = ["_arm64.deb", "_amd64.deb"] as const;
const SETUP = ["ecoflow-power setup", "ecoflow-power setup --from /opt/answers.toml"] as const;
const MAPPED = `sed -i '/^DEVICE_TO_AGENTS_JSON=/d' ${CONFIGURATION}
echo 'DEVICE_TO_AGENTS_JSON={"Study": ["study-pc"]}' >>${CONFIGURATION}`;
/** It takes some seconds until an agent is heard, or a daemon is ready again. */
const HEARD =
  'for i in $(seq 120); do ecoflow-power doctor | grep -q "host study-pc: would be shut down: yes" && break; sleep 1; done';

const skipped = (document: string, begins: string, reason: string): Stop => (
  { document, begins, place: "skipped", reason }
);
const played = (
  place: "checkout" | "package",
  document: string,
  begins: string,
  more: Omit<Stop, "document" | "begins" | "place" | "reason"> = {},
): Stop => ({ document, begins, place, ...more });

/** See the file comment. */
export const STOPS: readonly Stop[] = [
  // The package, from nothing to a host that is protected.
  played("package", README, "sudo apt install mosquitto ./ecoflow-power_*_arm64.deb", {
    otherwise: [PACKAGE, SETUP],
  }),
  played("package", "docs/install.md", "sha256sum --check --ignore-missing SHA256SUMS", {
    before: "sha256sum ecoflow-power_*_amd64.deb >SHA256SUMS",
    otherwise: [PACKAGE, SETUP],
  }),
  played("package", ADD, "sudo ecoflow-power check", { before: MAPPED }),
  played("package", ADD, "sudo ./ecoflow-agent pair", { before: KEPT, otherwise: [PAIR, AGENT_DOCTOR] }),
  played("package", ADD, "sudo ecoflow-power doctor", { before: HEARD }),
  played("package", ADD, "sudo ecoflow-power check"),
  played("package", README, "sudo ecoflow-power doctor", { before: HEARD }),
  played("package", "docs/install.md", "sudo ecoflow-power doctor", { before: HEARD }),
  played("package", "docs/testing.md", "sudo ecoflow-power doctor"),
  played("package", "docs/testing.md", "sudo ecoflow-power drill --all"),
  played("package", "docs/testing.md", "sudo ecoflow-power feed"),
  played("package", "docs/troubleshooting.md", "sudo ecoflow-power check"),
  // What a house may have besides.
  played("package", "docs/dashboard.md", "sudo ecoflow-power dashboard password", {
    otherwise: [["dashboard password", "dashboard password <<<'another good password'"]],
  }),
  played("package", "docs/notifications.md", "sudo ecoflow-power notify --test", {
    before: `echo "WEBHOOK_URL=http://127.0.0.1:9099/hook" >>${CONFIGURATION}
/opt/answer 9099 &`,
  }),
  played("package", "docs/home-assistant.md", "sudo systemctl restart ecoflow-power", {
    before: `sed -i '/^WEBHOOK_URL=/d' ${CONFIGURATION}\necho HOME_ASSISTANT_DISCOVERY=on >>${CONFIGURATION}`,
  }),
  played(
    "package",
    "docs/nut.md",
    "sudo cp /usr/share/ecoflow-power/announce/nut.service /etc/avahi/services/",
    {
      before: "mkdir -p /etc/avahi/services",
    },
  ),
  played("package", "docs/backup.md", "sudo ecoflow-power backup /root/house.backup"),
  played("package", "docs/backup.md", "sudo systemctl stop ecoflow-power", { before: HEARD }),
  // A host is changed, and taken away.
  played("package", ADD, "sudo ecoflow-power keys remove study-pc", { before: MAPPED }),
  played("package", "docs/migration.md", "sudo ecoflow-power keys add study-pc"),
  played("package", "docs/migration.md", "sudo ./ecoflow-agent pair", {
    before: `${KEPT}\nsystemctl restart ecoflow-power`,
    otherwise: [PAIR],
  }),
  played("package", "docs/migration.md", "sudo ecoflow-power doctor", { before: HEARD }),
  played("package", "docs/uninstall.md", "sudo ecoflow-agent uninstall"),
  played("package", "docs/agents.md", "sha256sum --check --ignore-missing SHA256SUMS", {
    before: `ln -s agent/ecoflow-agent ecoflow-agent-x86_64-unknown-linux-gnu; rm -f ecoflow-agent
sha256sum ecoflow-agent-x86_64-unknown-linux-gnu >SHA256SUMS`,
    otherwise: [PAIR, AGENT_DOCTOR],
  }),
  played("package", "docs/uninstall.md", "sudo ecoflow-agent uninstall --purge"),
  played("package", "docs/uninstall.md", "sudo apt remove ecoflow-power"),
  // A clone of the project.
  played("checkout", README, "npx --yes deno@2.9.6 task simulate"),
  played("checkout", README, "npx --yes deno@2.9.6 task simulate --dashboard"),
  played("checkout", README, "deno task setup", {
    otherwise: [["deno task setup", "deno task setup --from ../answers.toml"]],
    until: " READY$",
  }),
  played("checkout", README, "deno task simulate --list", {
    without: [["deno task test", "all tests of the project: the continuous integration runs them"]],
  }),
  played("checkout", README, "mosquitto_pub -t bridge-ecoflow/SimulatedDevice/json/state", {
    before: "deno task start >../start.log 2>&1 &\nuntil grep -q ' READY$' ../start.log; do sleep 0.5; done",
  }),
  played("checkout", "docs/dashboard.md", "deno task simulate --dashboard"),
  played("checkout", "docs/testing.md", "deno task simulate"),
  played(
    "checkout",
    "docs/migration.md",
    "deno run --allow-read --allow-env --allow-sys=hostname main.ts check",
    {
      before: `cat >../old.env <<'END'
ECOFLOW_USERNAME=me@example.com
ECOFLOW_PASSWORD=a-password
ECOFLOW_DEVICE_LIST=R651ZEB400000000:Study
MQTT_HOST=192.168.1.10
POLICY_SOC_MIN=15
DEVICE_TO_AGENTS_JSON={"Study":["study-pc"]}
NOTIFY_GRID_LOSS=true
PUSHOVER_API_TOKEN=${"t".repeat(30)}
PUSHOVER_USER_KEY=${"u".repeat(30)}
END`,
      otherwise: [["/path/to/the/old/.env", "../old.env"]],
    },
  ),
  played("checkout", "docs/install.md", "deno task build"),
  // Nowhere.
  skipped(
    "docs/benchmarks.md",
    "deno task bench",
    "takes from twelve minutes to a day; scripts/bench_test.ts plays its parts",
  ),
  skipped(
    "docs/fleet.md",
    "sudo ecoflow-power broker bridge --to",
    "needs a cluster; commands/broker/bridge_test.ts",
  ),
  skipped(
    "docs/install.md",
    "scripts/flash --image raspios-arm64.img",
    "needs a card; scripts/flash_test.ts writes an image",
  ),
  skipped(
    "docs/nut-source.md",
    "sudo apt install nut-server build-essential",
    "needs the source of NUT and a station at a cable",
  ),
  skipped("docs/nut.md", "upsc -L 192.168.1.10", LAN),
  skipped(
    "docs/nut.md",
    "sudo mkdir -p /etc/systemd/dnssd",
    "needs systemd-resolved in a LAN; scripts/announce_test.ts",
  ),
  skipped("docs/nut/proxmox.md", "apt install libnss3-tools", "needs a Proxmox VE"),
  skipped("docs/nut/proxmox.md", "upsc -c study@192.168.1.10", LAN),
  skipped("docs/nut/qnap.md", "upsc -c qnapups@192.168.1.10", LAN),
  skipped("docs/nut/synology.md", "upsc -c ups@192.168.1.10", LAN),
  skipped("docs/nut/truenas.md", "upsc study@192.168.1.10 ups.status", LAN),
  skipped("docs/nut/unraid.md", "upsc -c study@192.168.1.10", LAN),
  skipped("docs/nut/windows.md", "upsc -c study@192.168.1.10", LAN),
  skipped("docs/read-only-root.md", "sudo fdisk /dev/mmcblk0", "needs a Pi's card and raspi-config"),
];
