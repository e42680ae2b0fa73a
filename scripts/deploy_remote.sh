#!/bin/sh
# Runs on the host, as root: installs $1/new.deb, and the package from before when the daemon is not healthy in time.
# Configuration and state are touched by neither.
#
# deploy_remote.sh DIRECTORY: does so in a session of its own, and shows what comes of it. A connection that is lost in the middle ends
#                             what is shown, and no more: else a broken package would stay.
set -u
dir=$1
if [ "${2:-}" != alone ]; then
    log=${ECOFLOW_DEPLOY_LOG:-/var/log/ecoflow-power-deploy.log}
    : >"$log"
    setsid sh "$0" "$dir" alone >"$log" 2>&1 </dev/null &
    tail -n +1 -f --pid=$! "$log"
    wait $!
    exit
fi
trap 'rm -rf "$dir"' EXIT
HEALTHY_WITHIN=${ECOFLOW_HEALTHY_WITHIN:-60}
CALM_FOR=${ECOFLOW_CALM_FOR:-10}
say() { printf '%s\n' "$*"; }
# Not the time of day: a network may set it meanwhile.
uptime_sec() { cut -d. -f1 /proc/uptime; }

version() { dpkg-query -W -f '${Version}' ecoflow-power 2>/dev/null; }

# The installed package as a file again, from what dpkg knows of it.
keep_old() {
    mkdir -p "$dir/old/DEBIAN" || return 1
    dpkg-query -s ecoflow-power | grep -v '^\(Status\|Conffiles\): ' | grep -v '^ /' >"$dir/old/DEBIAN/control" || return 1
    for name in postinst prerm postrm triggers; do
        [ ! -e "/var/lib/dpkg/info/ecoflow-power.$name" ] || cp -p "/var/lib/dpkg/info/ecoflow-power.$name" "$dir/old/DEBIAN/$name"
    done
    dpkg-query -L ecoflow-power | while read -r path; do
        if [ -d "$path" ]; then mkdir -p "$dir/old$path"; else cp -a "$path" "$dir/old$path"; fi || exit 1
    done && dpkg-deb -Zgzip -z1 --root-owner-group --build "$dir/old" "$dir/old.deb" >/dev/null
}

# Ready, all services of this very start ready, and no restart for a while.
healthy() {
    end=$(($(uptime_sec) + HEALTHY_WITHIN))
    while [ "$(uptime_sec)" -lt $end ]; do
        if [ "$(systemctl is-active ecoflow-power)" = active ] && ecoflow-power doctor 2>/dev/null | grep -q '^ok *daemon:'; then
            pid=$(systemctl show -p MainPID --value ecoflow-power)
            sleep $CALM_FOR
            [ "$pid" = "$(systemctl show -p MainPID --value ecoflow-power)" ] &&
                [ "$(systemctl is-active ecoflow-power)" = active ] && return 0
        fi
        sleep 1
    done
    return 1
}

before=$(version)
if [ -n "$before" ] && ! keep_old; then
    say "Cannot keep the installed package for the way back: nothing was changed"
    exit 1
fi
say "Installing $(dpkg-deb --field "$dir/new.deb" Version) over ${before:-nothing} …"
if DEBIAN_FRONTEND=noninteractive dpkg -i "$dir/new.deb" && healthy; then
    say "Healthy: $(version)"
    exit 0
fi
say "NOT HEALTHY within $HEALTHY_WITHIN s:"
journalctl -u ecoflow-power -n 15 --no-pager -o cat
if [ -z "$before" ]; then
    say "There was no package before to go back to."
    exit 1
fi
say "Going back to $before …"
DEBIAN_FRONTEND=noninteractive dpkg -i "$dir/old.deb"
if healthy; then say "Back and healthy: $(version)"; else say "The old one is not healthy either: see ecoflow-power doctor"; fi
exit 1
