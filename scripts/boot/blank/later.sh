#!/bin/bash
# Our package alone, Mosquitto later; then network and time that never come, and an owner with rules of his own.
. /opt/lib.sh
check "ours alone: installed" apt install /opt/ecoflow-power.deb
check "ours alone: READY" within 30 ready
check "ours alone: a broker inside" within 20 inside
check "Mosquitto later: installed" apt install mosquitto
on_mosquitto "Mosquitto later"
systemctl restart ecoflow-power
on_mosquitto "Mosquitto later, after a restart"

# What waits for network and time is asked for by others; it never comes.
for target in network-online time-sync; do
    printf '[Unit]\nBefore=%s.target\nDefaultDependencies=no\n[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=/bin/sleep infinity\n' $target >/etc/systemd/system/never-$target.service
    mkdir -p /etc/systemd/system/$target.target.wants
    ln -sf /etc/systemd/system/never-$target.service /etc/systemd/system/$target.target.wants/
done
systemctl stop ecoflow-power; systemctl daemon-reload
systemctl --no-block start network-online.target time-sync.target
check "network and time never come: they wait" within 5 sh -c '[ "$(systemctl show -p ActiveState --value never-network-online.service never-time-sync.service | grep -c activating)" = 2 ]'
systemctl --no-block start ecoflow-power
check "network and time never come: READY" within 20 ready
install -m 755 /opt/ecoflow-agent /usr/local/bin/ecoflow-agent
mkdir -p /etc/ecoflow-agent; printf 'AGENT_ID=pc\nAGENT_KEY=%064d\nMQTT_HOST=127.0.0.1\n' 0 >/etc/ecoflow-agent/ecoflow-agent.env
cp /opt/ecoflow-agent.service /etc/systemd/system/; systemctl daemon-reload; systemctl --no-block start ecoflow-agent
check "network and time never come: the agent runs" within 10 is_active ecoflow-agent

# An owner whose Mosquitto is arranged already.
apt purge ecoflow-power >/opt/last 2>&1
printf 'listener 1884 127.0.0.1\nallow_anonymous true\n' >/etc/mosquitto/conf.d/own.conf; systemctl restart mosquitto
check "the owner's rules: installed" apt install /opt/ecoflow-power.deb
check "the owner's rules: his Mosquitto is left alone" sh -c 'systemctl -q is-active mosquitto && ss -ltn | grep -q ":1884 " && ! test -e /etc/mosquitto/conf.d/ecoflow-power.conf'
check "the owner's rules: READY with a broker inside" within 30 ready
say END
