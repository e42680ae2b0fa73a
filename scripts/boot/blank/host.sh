#!/bin/bash
# A host on the same network as the daemon: it pairs, and waits to be switched off. A service that must be stopped in order,
# such as a database, runs on it.
RESULT=/opt/result; shared=/opt/shared
until [ -s $shared/pairing ]; do sleep 0.3; done
/opt/ecoflow-agent pair <$shared/pairing >>/opt/agent.log 2>&1
sed -i 's/^MQTT_HOST=.*/MQTT_HOST=localhost/' /etc/ecoflow-agent/ecoflow-agent.env
cat >/etc/systemd/system/database.service <<'Y'
[Service]
ExecStart=/bin/sleep infinity
ExecStop=/bin/sh -c 'sleep 1; echo "ok     host: its database was stopped in order" >>/opt/result'
Y
systemctl daemon-reload; systemctl start database
/opt/ecoflow-agent install >>/opt/agent.log 2>&1
until journalctl -u ecoflow-agent -o cat --no-pager | grep -q "AGENT CONNECTED"; do sleep 0.3; done
touch $shared/paired
# It never ends by itself: only the agent powers this system off.
sleep infinity
