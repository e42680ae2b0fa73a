#!/bin/bash
# One call of apt on a system that never had Mosquitto, and what may happen to it afterwards.
. /opt/lib.sh
check "blank: there is no Mosquitto, nor its user" sh -c '! command -v mosquitto && ! getent passwd mosquitto'
check "one call of apt: both are installed" apt install mosquitto /opt/ecoflow-power.deb
on_mosquitto "one call of apt"
doctor_calm() { ! ecoflow-power doctor 2>&1 | grep -E "WRONG  (broker|certificate|configuration)"; }
check "one call of apt: doctor finds broker and configuration right" doctor_calm
check "the documents that messages name are there" test -s /usr/share/doc/ecoflow-power/docs/nut.md
check "Mosquitto has nothing to say of owners" sh -c '! grep -i "owner" /var/log/mosquitto/mosquitto.log'
sum() { cat $ENV /etc/ecoflow-power/credentials/mqtt_pass /etc/mosquitto/ecoflow-power/ca.pem | sha256sum; }
before=$(sum)

check "reinstalled" apt install --reinstall /opt/ecoflow-power.deb
on_mosquitto "reinstalled"
check "reinstalled: configuration, password and authority are the same" test "$before" = "$(sum)"

# What outlives a restart, after a cut of power.
db=/var/lib/mosquitto/mosquitto.db
systemctl stop mosquitto
check "Mosquitto's memory is there" test -s $db
head -c "$(stat -c %s $db)" /dev/zero >/opt/zeros; since=$(now)
cp --preserve=mode,ownership $db /opt/whole.db; cat /opt/zeros >$db
systemctl start mosquitto
on_mosquitto "memory of zeros"
check "memory of zeros: it is told" within 10 logged mosquitto "BROKER MEMORY SET ASIDE" "$since"
check "memory of zeros: it is kept to look at" sh -c 'ls /var/lib/mosquitto/mosquitto.db.refused-*'
doctor_tells() { ecoflow-power doctor 2>&1 | grep -q "mosquitto.db.refused-"; }
check "memory of zeros: doctor tells" doctor_tells
size=$(stat -c %s /opt/whole.db)
# Where the cut lies decides what Mosquitto says of it.
for part in 2 3 5; do
    systemctl stop mosquitto; sleep 1
    head -c $((size / part)) /opt/whole.db >$db; head -c $((size - size / part)) /dev/zero >>$db
    systemctl start mosquitto
    on_mosquitto "memory cut at a part of $part"
    systemctl stop mosquitto; sleep 1
    head -c $((size / part)) /opt/whole.db >$db
    systemctl start mosquitto
    on_mosquitto "memory that ends at a part of $part"
done

check "Mosquitto is removed" apt remove mosquitto
check "Mosquitto removed: READY" within 30 ready
check "Mosquitto removed: a broker inside serves NUT clients" within 20 inside
check "Mosquitto removed: nothing half-made is left" sh -c "! grep -q '^MQTT_' $ENV && ! test -e /etc/ecoflow-power/credentials/mqtt_pass"
check "Mosquitto is back" apt install mosquitto
on_mosquitto "Mosquitto is back"

before=$(sum)
check "removed, without purge" apt remove ecoflow-power
check "removed, without purge: Mosquitto goes on" is_active mosquitto
check "installed again" apt install /opt/ecoflow-power.deb
on_mosquitto "installed again"
check "installed again: hosts are still paired" test "$before" = "$(sum)"

apt purge ecoflow-power >/opt/purge.log 2>&1
check "purged: without a warning" sh -c '! grep -i warning /opt/purge.log'
check "purged: nothing of ours is left" sh -c '! ls -d /etc/ecoflow-power /var/lib/ecoflow-power /etc/mosquitto/ecoflow-power /etc/mosquitto/conf.d/ecoflow-power.conf /usr/lib/ecoflow-power /usr/lib/systemd/system/mosquitto.service.d 2>/dev/null | grep .'
check "purged: Mosquitto goes on, as it was" within 20 is_active mosquitto
check "after the purge: installed anew" apt install /opt/ecoflow-power.deb
on_mosquitto "after the purge"
say END
