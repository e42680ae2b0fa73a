#!/bin/bash
# What a cut of power, a full disk, root's hand or an owner's file may leave of a house, each healed by the next start or told by doctor.
. /opt/lib.sh
ours=/etc/mosquitto/ecoflow-power; state=/var/lib/ecoflow-power
zeros() { local size; size=$(stat -c %s "$1"); head -c "$size" /dev/zero >/opt/zeros; cat /opt/zeros >"$1"; }
# A full disk, in the middle of the installation.
mkdir -p /etc/ecoflow-power; mount -t tmpfs -o size=8k tmpfs /etc/ecoflow-power; head -c 8k /dev/zero >/etc/ecoflow-power/fill
check "a full disk: the installation fails" sh -c '! apt-get -y --no-install-recommends install mosquitto /opt/ecoflow-power.deb'
check "a full disk: no half configuration is left" test ! -e $ENV
cp -a /etc/ecoflow-power/. /opt/left; rm -f /opt/left/fill; umount /etc/ecoflow-power; cp -a /opt/left/. /etc/ecoflow-power/
check "room again: configured" dpkg --configure -a
on_mosquitto "room again"

# Many hosts in one moment.
for i in 1 2 3 4 5 6 7 8 9; do ecoflow-power keys add many$i >/opt/last 2>&1; done; sleep 2
check "nine hosts paired in one moment: the next login is still heard of" is_active ecoflow-power-broker.path

# Each file of the broker: the next start makes it anew, by the authority that hosts know.
authority=$(sha256sum <$ours/ca.pem)
for file in $ours/server.pem $ours/server.key $ours/passwords $ours/acl /etc/ecoflow-power/credentials/mqtt_pass /etc/mosquitto/conf.d/ecoflow-power.conf; do
    for how in zeros empty; do
        systemctl stop ecoflow-power mosquitto
        if [ $how = zeros ]; then zeros $file; else : >$file; fi
        systemctl start --no-block mosquitto; systemctl start --no-block ecoflow-power
        on_mosquitto "$file, $how"
    done
done
check "the authority that hosts know is the same" test "$authority" = "$(sha256sum <$ours/ca.pem)"
doctor_calm() { ! ecoflow-power doctor 2>&1 | grep -E "WRONG  (broker|certificate|configuration)"; }
check "doctor finds the broker whole" doctor_calm
zeros $ours/server.key
doctor_tells() { ecoflow-power doctor 2>&1 | tr -s ' \n' ' ' | grep -q "$1"; }
check "doctor tells of a key of zeros" doctor_tells "WRONG broker: cannot be used: the server's certificate or its key"
ecoflow-power doctor --heal >/opt/last 2>&1
check "doctor heals it" within 30 doctor_calm

# The configuration, as an editor and a cut of power may leave it, and as root may write it.
whole=$(sha256sum <$ENV); zeros $ENV; systemctl restart ecoflow-power
on_mosquitto "a configuration of zeros"
check "a configuration of zeros: it is as it was" test "$whole" = "$(sha256sum <$ENV)"
: >$ENV; check "an empty configuration: installed again" apt install --reinstall /opt/ecoflow-power.deb
check "an empty configuration: it is as it was" test "$whole" = "$(sha256sum <$ENV)"
chown root:root $ENV; chmod 600 $ENV; systemctl restart ecoflow-power
on_mosquitto "a configuration of root's alone"

# The daemon's own state.
sed -i 's/^#DEVICE_TO_AGENTS_JSON.*/DEVICE_TO_AGENTS_JSON={"Study": ["pc"]}/; s/^#ECOFLOW_DEVICE_LIST/ECOFLOW_DEVICE_LIST/' $ENV
check "a host has a key" ecoflow-power keys add pc
systemctl restart ecoflow-power; zeros $state/agent_keys.json; systemctl restart ecoflow-power
check "keys of zeros: READY" within 30 ready
check "keys of zeros: doctor tells" doctor_tells "keys in .* are lost.*NO AGENT OBEYS"
check "keys of zeros: the host gets one anew" ecoflow-power keys add pc
find $state -type f -exec chown root: {} + -exec chmod 600 {} +; systemctl restart ecoflow-power
check "files of root's: READY" within 30 ready
check "files of root's: they are the daemon's again" sh -c "! find $state ! -user ecoflow-power | grep -q ."

# An owner's rules.
printf 'allow_anonymous true\n' >/etc/mosquitto/conf.d/own.conf
check "doctor tells of a rule beside ours" doctor_tells 'WRONG broker: beside ecoflow-power.conf stands own.conf: "allow_anonymous true"'
apt purge ecoflow-power >/opt/last 2>&1
printf 'listener 1883\nallow_anonymous true\n' >/etc/mosquitto/conf.d/own.conf; systemctl restart mosquitto
check "an owner's Mosquitto on our port: installed" apt install /opt/ecoflow-power.deb
check "an owner's Mosquitto on our port: doctor says what to set" doctor_tells 'own.conf: "listener 1883".*set MQTT_HOST=127.0.0.1'
sed -i 's/^#MQTT_HOST=.*/MQTT_HOST=127.0.0.1/' $ENV; systemctl restart ecoflow-power
check "an owner's Mosquitto on our port: then READY" within 30 ready
say END
