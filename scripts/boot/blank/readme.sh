#!/bin/bash
# The two commands of the README on a system that never had Mosquitto, and then an outage that powers another system off.
. /opt/lib.sh
/opt/cloud /opt >/opt/cloud.log 2>&1 & CLOUD=$!
check "the emulated cloud is there" within 60 test -e /opt/answers.toml
check "blank: there is no Mosquitto, nor its user" sh -c '! command -v mosquitto && ! getent passwd mosquitto'
check "first command: both are installed in one call of apt" apt install mosquitto /opt/ecoflow-power.deb
on_mosquitto "first command"
check "second command: set up" sh -c 'ecoflow-power setup --from /opt/answers.toml >/root/ecoflow-pairing.txt'
on_mosquitto "second command"
check "second command: it saw the station through the daemon" grep -q "ok     Study: alive" /root/ecoflow-pairing.txt
outage_elsewhere
say END
