#!/bin/bash
# Somebody holds the shutdown up (a block inhibitor): the agent's programs end the system all the same, its services in order.
. /opt/lib.sh
cat >/etc/systemd/system/database.service <<'Y'
[Service]
ExecStart=/bin/sleep infinity
ExecStop=/bin/sh -c 'sleep 1; echo "ok     a block inhibitor: the database was stopped in order" >>/opt/result; echo END >>/opt/result; sync'
Y
printf '[Service]\nExecStart=/usr/bin/systemd-inhibit --what=shutdown:sleep --mode=block --who=updater --why=test /bin/sleep infinity\n' >/etc/systemd/system/updater.service
systemctl daemon-reload; systemctl start database updater
check "a block inhibitor is held" within 10 sh -c 'systemd-inhibit --list | grep -q updater'
say "       systemd $(systemctl --version | awk 'NR == 1 {print $2}')"
# The agent's own programs of the last step, in its order; see agents/platform/linux.ts.
while read -r line; do
    [ -n "$line" ] || continue
    if sh -c "$line" >/opt/last 2>&1; then
        say "       ended by: $line"
        sleep 60
        say "FAILED a block inhibitor: the system went down within 60 s of \"$line\""
    else
        say "       refused: $line: $(head -c 150 /opt/last | tr '\n' ' ')"
    fi
done </opt/power-off-now
say "FAILED a block inhibitor: something ended the system"
