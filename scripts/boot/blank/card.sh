#!/bin/bash
# The first boot of a flashed card on a blank system, and then an outage that powers another system off over TLS.
. /opt/lib.sh
/opt/cloud /opt >/opt/cloud.log 2>&1 & CLOUD=$!
check "card: the emulated cloud is there" within 60 test -e /opt/answers.toml
mkdir /opt/card
cp /opt/ecoflow-power.deb /opt/card/
cp /opt/first-boot.sh /opt/card/ecoflow-first-boot.sh
cp /opt/answers.toml /opt/card/ecoflow-setup.toml
# First without what it needs: no archives, no network.
mv /var/cache/apt/archives /var/cache/apt/archives.away; mkdir -p /var/cache/apt/archives/partial
check "card without a network: it fails" sh -c '! ECOFLOW_TRIES=1 sh /opt/card/ecoflow-first-boot.sh /opt/card'
check "card without a network: no secret is left on it" test ! -e /opt/card/ecoflow-setup.toml
check "card without a network: root alone has it" sh -c '[ "$(stat -c %a /var/lib/ecoflow-first-boot/answers.toml)" = 600 ]'
rm -rf /var/cache/apt/archives; mv /var/cache/apt/archives.away /var/cache/apt/archives
echo "a line from an earlier run" >/root/ecoflow-pairing.txt
check "card, again: installed and set up" sh /opt/card/ecoflow-first-boot.sh /opt/card
check "card, again: earlier pairing lines are kept" grep -q "earlier run" /root/ecoflow-pairing.txt
check "card, again: the answers are gone" sh -c '! ls /var/lib/ecoflow-first-boot/* /opt/card/ecoflow-setup.toml 2>/dev/null'
check "card: setup saw the station through the daemon" grep -q "ok     Study: alive" /root/ecoflow-pairing.txt
on_mosquitto "card"
outage_elsewhere
say END
