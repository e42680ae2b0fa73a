#!/bin/bash
# Runs inside the booted system, as root: installs the package, and shows what a person would see. One line a check goes to
# $RESULT; the system powers off afterwards.
RESULT=/opt/result
ENV=/etc/ecoflow-power/ecoflow-power.env
OFF=/var/lib/ecoflow-agent/off
MARK=/var/lib/ecoflow-power/policy_engine/policy.json
say() { echo "$*" >>$RESULT; sync; }
check() { # NAME COMMAND…: ok when the command succeeds
    local name=$1; shift
    if "$@" >/opt/last 2>&1; then say "ok     $name"; else
        say "FAILED $name"; sed 's/^/       | /' /opt/last | tail -n 5 >>$RESULT
        journalctl -u ecoflow-power -n 12 --no-pager -o cat | sed 's/^/       | /' >>$RESULT
    fi
}
within() { # SECONDS COMMAND…: tries until it succeeds
    local end=$((SECONDS + $1)); shift
    until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.3; done
}
ready() { [ "$(systemctl is-active ecoflow-power)" = active ]; }
pid() { systemctl show -p MainPID --value ecoflow-power; }
logged() { # PATTERN SINCE
    journalctl -u ecoflow-power --since "$2" -o cat --no-pager | grep -q "$1"
}
now() { date '+%Y-%m-%d %H:%M:%S'; }
publish() { # TOPIC TEXT, as the daemon's own user
    mosquitto_pub -h 127.0.0.1 -u ecoflow-power -P "$(cat /etc/ecoflow-power/credentials/mqtt_pass)" -q 1 -t "$1" -m "$2"
}
feed() { publish bridge-ecoflow/Study/json/state "{\"device\":\"Study\",\"soc\":$1,\"grid_connected\":$2,\"temp_celsius\":25,\"ac_in_watts\":0}"; }
feeding() { # SOC GRID: on and on, in the background
    (while :; do feed "$1" "$2" 2>/dev/null; sleep 2; done) &
    FEEDER=$!
}
stop_feeding() { kill "$FEEDER" 2>/dev/null; wait "$FEEDER" 2>/dev/null; }
# The grid is back, and the host was "started again": its agent remembers that it went down.
calm() {
    stop_feeding; feeding 80 true; sleep 6
    systemctl stop ecoflow-agent; rm -f $OFF /var/lib/ecoflow-agent/run.json; systemctl start ecoflow-agent
    sleep 4
}
agent_online() { journalctl -u ecoflow-agent -o cat --no-pager | grep -q "AGENT CONNECTED"; }

rm -f $RESULT
check "the package installs" dpkg -i /opt/ecoflow-power.deb
check "READY after the installation" within 20 ready
check "Mosquitto runs with our drop-in" within 20 sh -c 'systemctl -q is-active mosquitto && ss -ltn | grep -q ":8883 "'
check "nobody gets in without a password" sh -c '! timeout 5 mosquitto_pub -h 127.0.0.1 -t x -m x'
check "nobody gets in with another's authority" sh -c '! timeout 5 mosquitto_pub -h localhost -p 8883 --capath /etc/ssl/certs -t x -m x'
cat >>$ENV <<'X'
DEVICE_TO_AGENTS_JSON={"Study": ["pc"]}
POLICY_SOC_MIN=10
POLICY_DEBOUNCE_SEC=12
POLICY_SHUTDOWN_DELAY_SEC=5
POLICY_COOLDOWN_SEC=60
X
check "a key for the agent" sh -c 'ecoflow-power keys add pc --broker-host localhost >/opt/pairing'
check "restart with the configuration" systemctl restart ecoflow-power
check "READY with the configuration" within 20 ready
check "the daemon reaches Mosquitto with its password" within 20 logged "BROKER CONNECTED" "1 min ago"
mkdir -p /etc/ecoflow-agent
printf "SHUTDOWN_CMD=/usr/bin/touch %s\nABORT_CMD=/bin/rm -f %s\n" $OFF $OFF >/etc/ecoflow-agent/ecoflow-agent.env
check "the agent is paired" sh -c 'grep ^ecoflow-agent-1 /opt/pairing | /opt/ecoflow-agent pair'
check "the agent is installed" /opt/ecoflow-agent install
check "the agent is connected over TLS with its own password" within 30 agent_online

feeding 80 true; sleep 4
check "nothing happens on the grid" test ! -e $OFF
stop_feeding; feeding 5 false
check "an outage: the host goes down" within 60 test -e $OFF
calm

since=$(now)
stop_feeding; feeding 5 false; sleep 4; kill -9 "$(pid)"; killed=$SECONDS
check "kill -9: back within 5 s" within 5 ready
check "kill -9: its timer went on" within 20 test -e $OFF
check "kill -9: it said that it goes on" logged "RESUMED device=Study" "$since"
say "       kill -9 to shutdown of the host: $((SECONDS - killed)) s, of a debounce of 12 s and a delay of 5 s"
calm

since=$(now); kill -STOP "$(pid)"
check "a frozen process: the watchdog ends it and it comes back" within 75 logged "READY" "$since"
check "READY after the watchdog" within 20 ready
calm

before=$(pid); systemctl stop mosquitto; sleep 60
check "Mosquitto away for 60 s: the daemon is the same" test "$(pid)" = "$before"
systemctl start mosquitto; sleep 3
stop_feeding; feeding 5 false
check "Mosquitto back: an outage still brings the host down" within 90 test -e $OFF
calm

for how in full read-only; do
    systemctl stop ecoflow-power
    cp -a /var/lib/ecoflow-power /opt/state-$how
    if [ $how = full ]; then
        mount -t tmpfs -o size=256k,mode=0700,uid="$(id -u ecoflow-power)",gid="$(id -g ecoflow-power)" tmpfs /var/lib/ecoflow-power
        cp -a /opt/state-$how/. /var/lib/ecoflow-power/
        dd if=/dev/zero of=/var/lib/ecoflow-power/filler bs=4k 2>/dev/null
    else
        mkdir -p /run/systemd/system/ecoflow-power.service.d
        printf '[Service]\nReadOnlyPaths=/var/lib/ecoflow-power\n' >/run/systemd/system/ecoflow-power.service.d/ro.conf
        systemctl daemon-reload
    fi
    since=$(now); systemctl start ecoflow-power
    check "a $how state directory: READY" within 20 ready
    stop_feeding; feeding 5 false
    check "a $how state directory: the host goes down" within 90 test -e $OFF
    check "a $how state directory: it says so" logged "SNAPSHOT NOT STORED" "$since"
    calm
    systemctl stop ecoflow-power
    if [ $how = full ]; then umount /var/lib/ecoflow-power; else
        rm -r /run/systemd/system/ecoflow-power.service.d; systemctl daemon-reload
    fi
    systemctl start ecoflow-power; within 20 ready
done
sleep 5
main=$(pid)
say "       memory of the daemon: $(awk '/^Pss:/ {print int($2 / 1024)}' /proc/"$main"/smaps_rollup) MB Pss"
ticks() { awk '{print $14 + $15}' /proc/"$main"/stat; }
stop_feeding
from=$(ticks); sleep 20; say "       idle for 20 s: $(awk -v n=$(($(ticks) - from)) 'BEGIN {printf "%.1f", n / 20}') % of a core"
start=$(journalctl -u ecoflow-power -o short-unix --no-pager | awk '/STARTING/ {a=$1} /main READY|notice main READY|READY$/ {if (a) b=$1 - a} END {printf "%.2f", b}')
say "       STARTING to READY: $start s"

sum=$(cat $ENV /var/lib/ecoflow-power/agent_keys.json /etc/mosquitto/ecoflow-power/ca.pem | sha256sum)
check "the upgrade installs" dpkg -i /opt/upgrade.deb
check "READY after the upgrade" within 20 ready
check "the upgrade keeps configuration, keys and authority" test "$sum" = "$(cat $ENV /var/lib/ecoflow-power/agent_keys.json /etc/mosquitto/ecoflow-power/ca.pem | sha256sum)"
check "the upgraded daemon says its version in the log" within 20 logged "BROKER CONNECTED" "1 min ago"
stop_feeding
check "the purge works" dpkg --purge ecoflow-power
check "the purge leaves nothing" sh -c '! ls -d /etc/ecoflow-power /var/lib/ecoflow-power /etc/mosquitto/ecoflow-power /etc/mosquitto/conf.d/ecoflow-power.conf /usr/bin/ecoflow-power 2>/dev/null && ! getent passwd ecoflow-power'
check "Mosquitto runs without us" within 20 systemctl -q is-active mosquitto
journalctl -u ecoflow-power --no-pager -n 60 >/opt/journal 2>&1
say "END"
