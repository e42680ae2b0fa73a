#!/bin/bash
# The bridge's own unit against a cluster's node that asks for TLS and a login: what goes out, that nothing comes in, and what it
# does when the line or it itself goes away.
. /opt/lib.sh
/opt/cloud /opt >/opt/cloud.log 2>&1 & CLOUD=$!
check "the emulated cloud is there" within 60 test -e /opt/answers.toml
check "package, Mosquitto and its clients are installed" apt install mosquitto mosquitto-clients /opt/ecoflow-power.deb
check "set up" sh -c 'ecoflow-power setup --from /opt/answers.toml >/root/ecoflow-pairing.txt'
on_mosquitto "the house"

# The node: a Mosquitto of its own, with the certificate that was made outside.
PASSWORD=$(head -c 18 /dev/urandom | base64)
mosquitto_passwd -b -c /opt/far/passwords home "$PASSWORD" && mosquitto_passwd -b /opt/far/passwords owner "$PASSWORD"
printf 'user home\ntopic readwrite site/home/#\nuser owner\ntopic readwrite #\n' >/opt/far/acl
cat >/opt/far/node.conf <<CONF
listener 8899 127.0.0.1
certfile /opt/far/cert.pem
keyfile /opt/far/key.pem
password_file /opt/far/passwords
acl_file /opt/far/acl
allow_anonymous false
# What it forgets when it ends can only come from the bridge.
persistence false
CONF
chown -R mosquitto:mosquitto /opt/far
node() { mosquitto -c /opt/far/node.conf >/opt/far/node.log 2>&1 & NODE=$!; }
node
far() { local program=$1; shift; "$program" -h 127.0.0.1 -p 8899 --cafile /opt/far/ca.pem -u owner -P "$PASSWORD" "$@"; }
hears() { far mosquitto_sub -t "$1" -C 1 -W 5 | grep -q "$2"; }
listens_far() { ss -ltnp | grep -q '127.0.0.1:8899 .*mosquitto'; }
check "the node listens" within 20 listens_far
BRIDGE='/etc/mosquitto/ecoflow-power/bridge\.conf'
bridge_pid() { systemctl show -p MainPID --value ecoflow-power-bridge; }

# What it is told with a wrong authority must be an error that says so, and no connection.
printf '%s' "$PASSWORD" >/root/cluster-password && chmod 600 /root/cluster-password
write_bridge() { ecoflow-power broker bridge --to mqtts://127.0.0.1:8899 --site home --user home --pass-file /root/cluster-password --ca "$1"; }
check "without a bridge its unit does not start" sh -c 'systemctl start ecoflow-power-bridge; [ "$(systemctl is-active ecoflow-power-bridge)" = inactive ]'
check "written with another authority" write_bridge /etc/mosquitto/ecoflow-power/ca.pem
check "the unit is enabled and runs" sh -c 'systemctl enable --now ecoflow-power-bridge'
check "the node is not believed: nothing arrives" sh -c "! timeout 12 mosquitto_sub -h 127.0.0.1 -p 8899 --cafile /opt/far/ca.pem -u owner -P '$PASSWORD' -t 'site/#' -C 1 -W 10 >/dev/null"
check "its log says why" logged ecoflow-power-bridge 'certificate verify failed' today
check "written with the right authority" write_bridge /opt/far/ca.pem
check "started anew, as the command said" systemctl restart ecoflow-power-bridge
check "the bridge runs as mosquitto, from its own configuration" within 20 sh -c "ps -C mosquitto -o user=,args= | grep -q '^mosquit.* $BRIDGE'"
check "the cluster hears the daemon, retained" within 30 hears site/home/power-manager/orchestrator/status '"online":true'
check "the cluster hears the station" within 60 hears 'site/home/bridge-ecoflow/+/json/state' '"device":"Study"'
check "the cluster hears the policy" within 30 hears 'site/home/power-manager/policy/+' '"device":"Study"'

# Nothing comes in.
HOUSE_PASSWORD=$(cat /etc/ecoflow-power/credentials/mqtt_pass)
HOUSE_USER=$(sed -n 's/^MQTT_USER=//p' $ENV)
house_hears() { mosquitto_sub -h 127.0.0.1 -p 1883 -u "$HOUSE_USER" -P "$HOUSE_PASSWORD" -t 'bridge-ecoflow/+/json/state' -W 8 >/opt/house.heard; true; }
house_hears & HEARING=$!
sleep 2
for topic in site/home/bridge-ecoflow/Hostile/json/state bridge-ecoflow/Hostile/json/state site/home/power-manager/pc/cmd; do
    far mosquitto_pub -r -q 1 -t $topic -m '{"device":"Hostile","soc":1,"grid_connected":false,"link":"live"}'
done
wait $HEARING
check "the cluster itself hears it" hears bridge-ecoflow/Hostile/json/state Hostile
check "the house hears its own station" grep -q '"Study"' /opt/house.heard
check "what the cluster says is not heard in the house" sh -c '! grep -q Hostile /opt/house.heard'

# The line, and the bridge.
kill $NODE; wait $NODE 2>/dev/null
far_is_gone() { ! listens_far; }
check "the node is gone" within 20 far_is_gone
sleep 3; NEWS=$(now); systemctl restart ecoflow-power
check "the daemon is started anew while the line is away" within 60 ready
node
check "the line comes back by itself, with what is said now" within 90 hears site/home/power-manager/orchestrator/status '"online":true'
OLD=$(bridge_pid); kill -9 "$OLD"
is_new() { local pid; pid=$(bridge_pid); [ "$pid" != 0 ] && [ "$pid" != "$OLD" ]; }
check "killed, it is started again" within 30 is_new
check "and the cluster hears the station again" within 60 hears 'site/home/bridge-ecoflow/+/json/state' '"device":"Study"'
check "its memory is below 20 MB" sh -c "[ \$(awk '/^Pss:/ {print \$2}' /proc/$(bridge_pid)/smaps_rollup) -lt 20000 ]"
check "it takes only what nobody else wants of the processor" sh -c "[ \"\$(ps -o ni= -p $(bridge_pid) | tr -d ' ')\" = 19 ]"
check "the doctor says that the cluster lets it in" sh -c "ecoflow-power doctor | grep -q '^ok *bridge: site'"
check "removed" ecoflow-power broker bridge --remove
check "disabled, as the command said" systemctl disable --now ecoflow-power-bridge
check "what waited went with it" test ! -e /var/lib/ecoflow-power-bridge/mosquitto.db
check "what it says needs no bridge: the daemon runs on" ready
say END
