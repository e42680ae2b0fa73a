#!/bin/bash
# Runs inside the booted system, as root: installs the package, and shows what a person would see. One line a check goes to
# $RESULT; the system powers off afterwards.
#
# pi_checks.sh [PACE]: how many times longer to wait, in an emulated processor; with more than 1 it ends after the killed daemon
PACE=${1:-1}
RESULT=/opt/result
ENV=/etc/ecoflow-power/ecoflow-power.env
OFF=/var/lib/ecoflow-agent/off
say() { echo "$*" >>$RESULT; sync; }
check() { # NAME COMMAND…: ok when the command succeeds
    local name=$1; shift
    if "$@" >/opt/last 2>&1; then say "ok     $name"; else
        say "FAILED $name"; sed 's/^/       | /' /opt/last | tail -n 5 >>$RESULT
        journalctl -u ecoflow-power -n 12 --no-pager -o cat | sed 's/^/       | /' >>$RESULT
    fi
}
within() { # SECONDS COMMAND…: tries until it succeeds
    local end=$((SECONDS + $1 * PACE)); shift
    until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.3; done
}
CACHE=/var/lib/ecoflow-power/runtime_cache
cache_is_kept() { [ "$(stat -c %U $CACHE/dep_analysis_cache_v2)" = ecoflow-power ] && [ ! -e $CACHE/unproven ]; }
ready() { [ "$(systemctl is-active ecoflow-power)" = active ]; }
pid() { systemctl show -p MainPID --value ecoflow-power; }
logged() { # PATTERN SINCE
    journalctl -u ecoflow-power --since "$2" -o cat --no-pager | grep -q "$1"
}
now() { date '+%Y-%m-%d %H:%M:%S'; }
outage() { kill -USR1 "$CLOUD"; }
grid_back() { kill -USR2 "$CLOUD"; }
# The grid is back, and the host was "started again": its agent remembers that it went down.
calm() {
    grid_back; sleep $((6 * PACE))
    systemctl stop ecoflow-agent; rm -f $OFF /var/lib/ecoflow-agent/run.json; systemctl start ecoflow-agent
    sleep $((4 * PACE))
}
figures() {
    # The collection that follows the start is over by then, and what is used often is compiled again.
    sleep $((PACE > 1 ? 90 : 40))
    local main from file; main=$(pid); file=/proc/$main/smaps_rollup
    say "       memory of the daemon: $(awk '/^Pss:/ {pss = $2} /^Anonymous:/ {anon = $2} END {printf "%.1f MB Pss, %.1f MB anon", pss * 1.024e-3, anon * 1.024e-3}' "$file")"
    say "       memory of its control group: $(systemctl show -p MemoryCurrent --value ecoflow-power | awk '/^[0-9]+$/ {printf "%.1f MB", $1 / 1e6; next} {printf "not counted in this container"}'); pages of $(getconf PAGESIZE) bytes, huge pages $(cat /sys/kernel/mm/transparent_hugepage/enabled)"
    from=$(ticks "$main"); sleep 20
    if [ "$main" = "$(pid)" ]; then
        say "       idle for 20 s: $(awk -v n=$(($(ticks "$main") - from)) 'BEGIN {printf "%.1f", n / 20}') % of a core"
    else say "       idle: not measured, the daemon was started again meanwhile"; fi
    say "       STARTING to READY: $(journalctl -u ecoflow-power -o short-unix --no-pager | awk '/STARTING/ {a=$1} /main READY|notice main READY|READY$/ {if (a) b=$1 - a} END {printf "%.2f", b}') s"
}
ticks() { awk '{print $14 + $15}' /proc/"$1"/stat; }
agent_online() { journalctl -u ecoflow-agent -o cat --no-pager | grep -q "AGENT CONNECTED"; }

rm -f $RESULT
# There is no network here, and waiting for names would take minutes.
echo 'Acquire::http::Proxy "http://127.0.0.1:9";' >/etc/apt/apt.conf.d/99-no-network
/opt/cloud /opt >/opt/cloud.log 2>&1 &
CLOUD=$!
check "the emulated cloud is there" within 60 test -e /opt/answers.toml
# As cloud-init does at the first boot of a card that scripts/flash made.
cp /opt/ecoflow-power.deb /opt/boot/ecoflow-power.deb
cp /opt/answers.toml /opt/boot/ecoflow-setup.toml
check "the first boot installs and sets up: log-in, station, grid, hosts, dashboard, start" sh /opt/boot/ecoflow-first-boot.sh /opt/boot
check "the first boot took the secrets off the card" test ! -e /opt/boot/ecoflow-setup.toml
check "setup saw the station through the daemon" grep -q "ok     Study: alive, charge 80 %, the grid is there" /root/ecoflow-pairing.txt
check "READY after the installation" within 20 ready
check "Mosquitto runs with our drop-in" within 20 sh -c 'systemctl -q is-active mosquitto && ss -ltn | grep -q ":8883 "'
check "nobody gets in without a password" sh -c "! timeout $((5 * PACE)) mosquitto_pub -h 127.0.0.1 -t x -m x"
check "nobody gets in with another's authority" sh -c "! timeout $((5 * PACE)) mosquitto_pub -h localhost -p 8883 --capath /etc/ssl/certs -t x -m x"
check "the daemon reaches Mosquitto with its password" within 20 logged "BROKER CONNECTED" "$PACE min ago"
mkdir -p /etc/ecoflow-agent
printf "SHUTDOWN_CMD=/usr/bin/touch %s\nABORT_CMD=/bin/rm -f %s\n" $OFF $OFF >/etc/ecoflow-agent/ecoflow-agent.env
check "the agent is paired" sh -c 'grep ^ecoflow-agent-1 /root/ecoflow-pairing.txt | /opt/ecoflow-agent pair'
sed -i 's/^MQTT_HOST=.*/MQTT_HOST=localhost/' /etc/ecoflow-agent/ecoflow-agent.env
check "the agent is installed" /opt/ecoflow-agent install
check "the agent is connected over TLS with its own password" within 30 agent_online

doctor_says() { ecoflow-power doctor | grep -q "$1"; }
check "doctor sees station and host" within 20 doctor_says "ok     host pc: would be shut down: yes"
huge_pages_break() { [ "$(getconf PAGESIZE)" -gt 4096 ] && grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled; }
if huge_pages_break; then
    check "huge pages: the start warns" logged "HUGE PAGES .*transparent_hugepage=madvise" "$((PACE * 5)) min ago"
    # Doctor's lines are 80 wide.
    check "huge pages: doctor says what to do" sh -c 'ecoflow-power doctor | grep -A 6 "^WRONG  memory:" | grep -q transparent_hugepage=madvise'
    check "doctor finds nothing else wrong" sh -c '[ "$(ecoflow-power doctor | grep ^WRONG | grep -vc "^WRONG  memory:")" = 0 ]'
else check "doctor finds nothing wrong" ecoflow-power doctor; fi
check "a drill: the host is ready" sh -c 'ecoflow-power drill --all && test ! -e '$OFF
check "devices lists the station" sh -c 'ecoflow-power devices | grep -q "Study .*live .*there *pc"'
check "the dashboard answers" within 10 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080'
has_environment() { tr '\0' '\n' <"/proc/$(pid)/environ" | grep -qx "$1"; }
check "the daemon is told which start of the system this is" has_environment "BOOT_ID=$(tr -d - </proc/sys/kernel/random/boot_id)"
check "the allocator is told to spare memory" has_environment "MALLOC_ARENA_MAX=2"
check "what the runtime found out is kept, and is the daemon's" cache_is_kept
check "nothing happens on the grid" test ! -e $OFF
check "the policy says the start of the system with its word" sh -c 'grep -qa "\"boot_id\":\"$(tr -d - </proc/sys/kernel/random/boot_id)\"" /var/lib/ecoflow-power/policy_engine/policy.json.slots'
outage
check "an outage: the host goes down" within 60 test -e $OFF
calm

since=$(now)
outage; within 30 logged "TIMER START" "$since"; kill -9 "$(pid)"; killed=$SECONDS
# An emulated processor needs more for a start than its pace: systemd's own limit.
back=$((PACE > 1 ? 25 : 5))
check "kill -9: back within $((back * PACE)) s" within $back ready
check "kill -9: its timer went on" within 20 test -e $OFF
check "kill -9: it said that it goes on" logged "RESUMED device=Study" "$since"
say "       kill -9 to shutdown of the host: $((SECONDS - killed)) s, of a debounce of 12 s and a delay of 5 s"
calm
if [ "$PACE" -gt 1 ]; then figures; say "END"; exit; fi

since=$(now); kill -STOP "$(pid)"
check "a frozen process: the watchdog ends it and it comes back" within 75 logged "READY" "$since"
check "READY after the watchdog" within 20 ready
calm

before=$(pid); systemctl stop mosquitto; sleep 60
check "Mosquitto away for 60 s: the daemon is the same" test "$(pid)" = "$before"
systemctl start mosquitto; sleep 3
outage
check "Mosquitto back: an outage still brings the host down" within 90 test -e $OFF
calm

for how in full read-only; do
    systemctl stop ecoflow-power
    cp -a /var/lib/ecoflow-power /opt/state-$how
    if [ $how = full ]; then
        mount -t tmpfs -o size=256k,mode=0700,uid="$(id -u ecoflow-power)",gid="$(id -g ecoflow-power)" tmpfs /var/lib/ecoflow-power
        rm -rf /opt/state-$how/runtime_cache
        cp -a /opt/state-$how/. /var/lib/ecoflow-power/
        dd if=/dev/zero of=/var/lib/ecoflow-power/filler bs=4k 2>/dev/null
    else
        mkdir -p /run/systemd/system/ecoflow-power.service.d
        printf '[Service]\nReadOnlyPaths=/var/lib/ecoflow-power\n' >/run/systemd/system/ecoflow-power.service.d/ro.conf
        systemctl daemon-reload
    fi
    since=$(now); systemctl start ecoflow-power
    check "a $how state directory: READY" within 20 ready
    outage
    check "a $how state directory: the host goes down" within 90 test -e $OFF
    check "a $how state directory: it says so" logged "SNAPSHOT NOT STORED" "$since"
    calm
    systemctl stop ecoflow-power
    if [ $how = full ]; then umount /var/lib/ecoflow-power; else
        rm -r /run/systemd/system/ecoflow-power.service.d; systemctl daemon-reload
    fi
    systemctl start ecoflow-power; within 20 ready
done
figures

systemctl stop ecoflow-power
for file in $CACHE/*_cache_v2*; do head -c "$(stat -c %s "$file")" /dev/zero >"$file.zeros"; cat "$file.zeros" >"$file"; rm "$file.zeros"; done
systemctl start ecoflow-power
check "what the runtime kept is zeros: READY" within 20 ready
systemctl stop ecoflow-power
for file in $CACHE/*_cache_v2*; do head -c "$(stat -c %s "$file")" /dev/urandom >"$file.noise"; cat "$file.noise" >"$file"; rm "$file.noise"; done
systemctl start ecoflow-power
check "what the runtime kept is noise: READY" within 20 ready
touch $CACHE/unproven $CACHE/old; systemctl restart ecoflow-power
check "a start that did not come to READY leaves nothing: READY" within 20 ready
check "a start that did not come to READY leaves nothing: what it kept is new" sh -c "[ ! -e $CACHE/old ] && [ ! -e $CACHE/unproven ]"
touch $CACHE/of_this_version

sum=$(cat $ENV /var/lib/ecoflow-power/agent_keys.json /etc/mosquitto/ecoflow-power/ca.pem | sha256sum)
mkdir -p -m 700 /root/.ssh; ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519; cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
deploy() { /opt/deploy root@localhost --deb "$1" --ssh-option StrictHostKeyChecking=no >/opt/deploy.log 2>&1; }
check "deploy brings the upgrade over ssh" deploy /opt/upgrade.deb
check "deploy saw it healthy" grep -q "Healthy: 0.1.0+1" /opt/deploy.log
check "READY after the upgrade" within 20 ready
check "the upgrade drops what the runtime kept of the version before" sh -c "[ ! -e $CACHE/of_this_version ] && [ -e $CACHE/dep_analysis_cache_v2 ]"
check "the upgrade keeps configuration, keys and authority" test "$sum" = "$(cat $ENV /var/lib/ecoflow-power/agent_keys.json /etc/mosquitto/ecoflow-power/ca.pem | sha256sum)"
check "the upgraded daemon says its version in the log" within 20 logged "BROKER CONNECTED" "$PACE min ago"
# A package whose daemon does not start.
dpkg-deb -R /opt/upgrade.deb /opt/bad
sed -i 's/^Version: .*/Version: 0.1.0+2/' /opt/bad/DEBIAN/control
mkdir -p /opt/bad/usr/lib/ecoflow-power; mv /opt/bad/usr/bin/ecoflow-power /opt/bad/usr/lib/ecoflow-power/real
printf '#!/bin/sh\n[ "$1" = run ] && exit 1\nexec /usr/lib/ecoflow-power/real "$@"\n' >/opt/bad/usr/bin/ecoflow-power; chmod 755 /opt/bad/usr/bin/ecoflow-power
dpkg-deb -Zgzip -z1 --build /opt/bad /opt/bad.deb >/dev/null
check "deploy says that a broken package failed" sh -c '! /opt/deploy root@localhost --deb /opt/bad.deb >/opt/deploy.log 2>&1'
check "deploy went back by itself" grep -q "Back and healthy: 0.1.0+1" /opt/deploy.log
check "READY after the way back" within 20 ready
check "the way back keeps configuration and keys" test "$sum" = "$(cat $ENV /var/lib/ecoflow-power/agent_keys.json /etc/mosquitto/ecoflow-power/ca.pem | sha256sum)"
outage
check "an outage after the way back: the host goes down" within 60 test -e $OFF
check "the purge works" dpkg --purge ecoflow-power
check "the purge leaves nothing" sh -c '! ls -d /etc/ecoflow-power /var/lib/ecoflow-power /etc/mosquitto/ecoflow-power /etc/mosquitto/conf.d/ecoflow-power.conf /usr/bin/ecoflow-power /nonexistent 2>/dev/null && ! getent passwd ecoflow-power'
check "Mosquitto runs without us" within 20 systemctl -q is-active mosquitto
journalctl -u ecoflow-power --no-pager -n 60 >/opt/journal 2>&1
say "END"
