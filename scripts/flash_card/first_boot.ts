/** The texts that cloud-init finds on the boot partition. YAML is written as JSON, which is YAML. Pure. */

/** What the first boot is to do. */
export interface FirstBoot {
  readonly hostname: string;
  /** The person's own account; absent: nobody can log in over the network. */
  readonly login?: { readonly user: string; readonly sshKey: string };
  /** Absent: the cable. */
  readonly wifi?: { readonly ssid: string; readonly password: string; readonly country: string };
}

/** Names of our files on the boot partition. */
export const FILES = {
  userData: "user-data",
  networkConfig: "network-config",
  metaData: "meta-data",
  script: "ecoflow-first-boot.sh",
  answers: "ecoflow-setup.toml",
  package: "ecoflow-power.deb",
} as const;

/** Where Raspberry Pi OS mounts the boot partition. */
const BOOT = "/boot/firmware";

/** `user-data`: the name, the login, and our script at the end. */
export function userData({ hostname, login }: FirstBoot): string {
  return `#cloud-config\n${
    JSON.stringify(
      {
        hostname,
        manage_etc_hosts: true,
        ssh_pwauth: false,
        ...(login
          ? {
            users: [{
              name: login.user,
              groups: "sudo",
              shell: "/bin/bash",
              lock_passwd: true,
              sudo: "ALL=(ALL) NOPASSWD:ALL",
              ssh_authorized_keys: [login.sshKey],
            }],
          }
          : {}),
        runcmd: [
          ...(login ? [["systemctl", "enable", "--now", "ssh"]] : []),
          ["sh", `${BOOT}/${FILES.script}`],
        ],
      },
      null,
      2,
    )
  }\n`;
}

/** `network-config`, version 2: the cable, and the radio when it is given. */
export function networkConfig({ wifi }: FirstBoot): string {
  return `${
    JSON.stringify(
      {
        version: 2,
        ethernets: { eth0: { dhcp4: true, optional: wifi !== undefined } },
        ...(wifi
          ? {
            wifis: {
              wlan0: {
                dhcp4: true,
                "regulatory-domain": wifi.country,
                "access-points": { [wifi.ssid]: { password: wifi.password } },
              },
            },
          }
          : {}),
      },
      null,
      2,
    )
  }\n`;
}

/** `meta-data`: a new id makes cloud-init take this for a first boot. */
export function metaData(instanceId: string): string {
  return `${JSON.stringify({ "instance-id": instanceId }, null, 2)}\n`;
}

/**
 * The script: installs what lies beside it, sets up, and takes the secrets off the partition, which everybody who holds
 * the card can read. Without an answer from EcoFlow's cloud the configuration is written all the same: the daemon goes on
 * trying. A step that fails leaves the answers for the next boot's hand.
 */
export function firstBootScript(): string {
  return `#!/bin/sh
# Made by scripts/flash. Safe to run again. What it does is in /var/log/ecoflow-first-boot.log.
boot=\${1:-${BOOT}}
exec >>/var/log/ecoflow-first-boot.log 2>&1
set -e
export DEBIAN_FRONTEND=noninteractive
tries=0
until apt-get update && apt-get install -y mosquitto "$boot/${FILES.package}"; do
    tries=$((tries + 1))
    [ $tries -lt 20 ] || { echo "Cannot install: is the network there?"; exit 1; }
    sleep 15
done
if [ -e "$boot/${FILES.answers}" ]; then
    umask 077
    if ! ecoflow-power setup --from "$boot/${FILES.answers}" >/root/ecoflow-pairing.txt; then
        ecoflow-power setup --offline --from "$boot/${FILES.answers}" >/root/ecoflow-pairing.txt
    fi
    rm -f "$boot/${FILES.answers}"
    echo "Set up. The pairing lines of the hosts are in /root/ecoflow-pairing.txt"
fi
`;
}
