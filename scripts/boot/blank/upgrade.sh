#!/bin/bash
# What the package before this one left half-made on a blank system, and its upgrade.
. /opt/lib.sh
check "the package before: both in one call" apt install mosquitto /opt/before.deb
half_made() { grep -q '^#MQTT_HOST' $ENV; }
check "the package before leaves it half-made" half_made
apt install --reinstall /opt/before.deb >/opt/last 2>&1; sleep 2
check "the package before, reinstalled: the daemon is down for good" sh -c '[ "$(systemctl show -p ExecMainStatus --value ecoflow-power)" = 78 ]'
doctor_sees() { /opt/daemon/ecoflow-power doctor 2>&1 | grep -q "WRONG  broker: .*half"; }
check "doctor sees what is half-made" doctor_sees
check "upgraded" apt install /opt/ecoflow-power.deb
on_mosquitto "upgraded"
# What a hand or a cut-off step may leave, healed without the package.
sed -i 's/^MQTT_/#MQTT_/' $ENV; systemctl stop ecoflow-power
doctor_heals() { ecoflow-power doctor --heal; within 30 ready; }
check "doctor heals: it asks for it" doctor_heals
on_mosquitto "doctor heals"
rm -f /etc/mosquitto/ecoflow-power/acl /etc/mosquitto/ecoflow-power/passwords; systemctl restart ecoflow-power; systemctl restart mosquitto
on_mosquitto "files gone, after the next start"
rm -f /etc/ecoflow-power/credentials/mqtt_pass; systemctl restart ecoflow-power
on_mosquitto "the password gone, after the next start"
sed -i 's/^MQTT_/#MQTT_/' $ENV; rm -f /etc/ecoflow-power/credentials/mqtt_pass; systemctl restart ecoflow-power
on_mosquitto "a configuration put back, after the next start"
say END
