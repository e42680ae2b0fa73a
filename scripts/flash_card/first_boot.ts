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

/** Where the answers wait for a second try, for root alone. */
const KEPT_ANSWERS = "/var/lib/ecoflow-first-boot/answers.toml";

/** What goes on at every start of the system, until the script has come to its end. */
const UNIT = "ecoflow-first-boot.service";

/**
 * The script: takes the secrets off the partition, which everybody who holds the card can read, before anything can go
 * wrong; installs Mosquitto and then what lies beside it; sets up. Without an answer from EcoFlow's cloud the configuration
 * is written all the same: the daemon goes on trying. A step that fails leaves the answers to root. cloud-init calls it once;
 * a cut of power or a network that comes late leave the rest to a unit of its own (docs/decisions/0049).
 */
export function firstBootScript(): string {
  return `#!/bin/sh
# Made by scripts/flash. Safe to run again. What it does is in /var/log/ecoflow-first-boot.log.
boot=\${1:-${BOOT}}
answers=${KEPT_ANSWERS}
pairing=/root/ecoflow-pairing.txt
unit=/etc/systemd/system/${UNIT}
umask 077
exec >>/var/log/ecoflow-first-boot.log 2>&1
set -e
exec 9>/run/ecoflow-first-boot.lock
flock -n 9 || { echo "It runs already."; exit 0; }
export DEBIAN_FRONTEND=noninteractive
if [ ! -e $unit ]; then
    (umask 022; printf '%s\n' '[Unit]' 'Description=Goes on with the first boot of a flashed card until it is done' \
        '[Service]' "ExecStart=/bin/sh $(readlink -f "$0") $boot" 'Restart=on-failure' 'RestartSec=60' \
        'RestartPreventExitStatus=2' '[Install]' 'WantedBy=multi-user.target' >$unit)
    systemctl daemon-reload || true
    systemctl enable ${UNIT} || true
    sync $unit /etc/systemd/system
fi
# The file's name alone would go: what stood in it would stay on the card.
wipe() {
    [ -e "$1" ] || return 0
    dd if=/dev/zero of="$1" bs="$(stat -c %s "$1")" count=1 conv=notrunc,fsync status=none || true
    rm -f "$1"
}
if [ -e "$boot/${FILES.answers}" ]; then
    mkdir -p "\${answers%/*}"
    # Whatever happens from here on, the card shows no secret.
    trap 'wipe "$boot/${FILES.answers}"' EXIT
    cp "$boot/${FILES.answers}" "$answers.new"
    sync "$answers.new"
    mv "$answers.new" "$answers"
    sync "\${answers%/*}"
    wipe "$boot/${FILES.answers}"
fi
# What a cut of power has left half installed: apt refuses everything until dpkg has a half-unpacked package whole again.
dpkg --configure -a || true
if dpkg-query -W -f '\${db:Status-Eflag}' ecoflow-power 2>/dev/null | grep -q reinst; then
    dpkg -i "$boot/${FILES.package}" || true
fi
install() {
    tries=0
    until apt-get -o DPkg::Lock::Timeout=300 install -y "$1"; do
        tries=$((tries + 1))
        if [ $tries -ge \${ECOFLOW_TRIES:-20} ]; then
            echo "Cannot install $1: is the network there? It is tried again; at once, as root: sh $boot/${FILES.script}"
            exit 1
        fi
        sleep 15
        apt-get update || true
    done
}
apt-get update || true
install mosquitto
install "$boot/${FILES.package}"
if [ -e "$answers" ]; then
    # Lines of an earlier run may be in use: hosts were paired with them.
    if ! ecoflow-power setup --from "$answers" >>"$pairing"; then
        if ! ecoflow-power setup --offline --from "$answers" >>"$pairing"; then
            echo "Cannot set up: see above, and ecoflow-power doctor. Then again: ecoflow-power setup --from $answers"
            exit 2
        fi
    fi
    # No line is said twice.
    sync "$pairing"
    rm -rf "\${answers%/*}"
    echo "Set up. The pairing lines of the hosts are in $pairing"
fi
systemctl disable ${UNIT} || true
rm -f $unit
`;
}
