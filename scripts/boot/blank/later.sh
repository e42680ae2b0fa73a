#!/bin/bash
# Our package alone, Mosquitto later; then network and time that never come, and an owner with rules of his own.
. /opt/lib.sh
owner() {
    # An owner whose Mosquitto is arranged already.
    systemctl stop never-network-online never-time-sync
    apt purge ecoflow-power >/opt/last 2>&1
    printf 'listener 1884 127.0.0.1\nallow_anonymous true\n' >/etc/mosquitto/conf.d/own.conf; systemctl restart mosquitto
    check "the owner's rules: installed" apt install /opt/ecoflow-power.deb
    check "the owner's rules: his Mosquitto is left alone" sh -c 'systemctl -q is-active mosquitto && ss -ltn | grep -q ":1884 " && ! test -e /etc/mosquitto/conf.d/ecoflow-power.conf'
    check "the owner's rules: READY with a broker inside" within 30 ready
}
if [ "$1" = again ]; then
    check "network and time never come: both are waited for" sh -c 'for one in network-online time-sync; do [ "$(systemctl show -p ActiveState --value never-$one)" = activating ] || exit 1; done'
    on_mosquitto "network and time never come"
    agent_runs() { is_active ecoflow-agent && [ "$(systemctl show -p NRestarts --value ecoflow-agent)" = 0 ]; }
    check "network and time never come: the agent runs" within 10 agent_runs
    sleep 3
    check "network and time never come: the agent goes on" agent_runs
    owner
    say END
    exit
fi
check "ours alone: installed" apt install /opt/ecoflow-power.deb
check "ours alone: READY" within 30 ready
check "ours alone: a broker inside" within 20 inside
check "Mosquitto later: installed" apt install mosquitto
on_mosquitto "Mosquitto later"
systemctl restart ecoflow-power
on_mosquitto "Mosquitto later, after a restart"

# The next start of the system is one after a cut of power: network and time never come.
for target in network-online time-sync; do
    printf '[Unit]\nBefore=%s.target\nDefaultDependencies=no\n[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=/bin/sleep infinity\n' $target >/etc/systemd/system/never-$target.service
    mkdir -p /etc/systemd/system/$target.target.wants
    ln -sf /etc/systemd/system/never-$target.service /etc/systemd/system/$target.target.wants/
done
# Somebody asks for both, as a log collector does.
printf '[Unit]\nWants=network-online.target time-sync.target\n[Service]\nType=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/asks.service
ln -s /opt/agent/ecoflow-agent /usr/local/bin/ecoflow-agent
mkdir -p /etc/ecoflow-agent; printf '%064d\n' 0 >/etc/ecoflow-agent/key
printf 'AGENT_ID=pc\nAGENT_KEY_FILE=/etc/ecoflow-agent/key\nMQTT_HOST=127.0.0.1\n' >/etc/ecoflow-agent/ecoflow-agent.env
cp /opt/ecoflow-agent.service /etc/systemd/system/
systemctl daemon-reload; systemctl -q enable asks ecoflow-agent
sed -i 's/later.sh/later.sh again/' /etc/systemd/system/checks.service
# It powers off now, and is started again.
