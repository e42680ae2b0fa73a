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
# A second name of the same bytes, as whoever reads the card's free blocks would see them.
ln /opt/card/ecoflow-setup.toml /opt/card/bytes
check "card without a network: it fails" sh -c '! ECOFLOW_TRIES=1 sh /opt/card/ecoflow-first-boot.sh /opt/card'
check "card without a network: no secret is left on it" test ! -e /opt/card/ecoflow-setup.toml
check "card without a network: the password's bytes are gone, too" sh -c '! grep -q password /opt/card/bytes'
check "card without a network: root alone has it" sh -c '[ "$(stat -c %a /var/lib/ecoflow-first-boot/answers.toml)" = 600 ]'
rm -rf /var/cache/apt/archives; mv /var/cache/apt/archives.away /var/cache/apt/archives
echo "a line from an earlier run" >/root/ecoflow-pairing.txt
check "card without a network: a unit goes on at the next start" systemctl -q is-enabled ecoflow-first-boot
# A cut of power, in the middle of dpkg: all that ran is gone, and the system starts.
cp /opt/answers.toml /opt/card/ecoflow-setup.toml
systemd-run -q --unit=cut-off sh /opt/card/ecoflow-first-boot.sh /opt/card
unpacked() { [ -e /usr/lib/ecoflow-power ] && ! dpkg --verify ecoflow-power >/dev/null 2>&1 || dpkg-query -W -f '${Status}' ecoflow-power 2>/dev/null | grep -q 'unpacked\|half'; }
check "card, cut off: dpkg is in the middle of it" within 120 unpacked
systemctl kill -s KILL cut-off; sleep 1
done_itself() { [ -s /root/ecoflow-pairing.txt ] && ! test -e /etc/systemd/system/ecoflow-first-boot.service; }
systemctl start ecoflow-first-boot
check "card, cut off: it goes on by itself to its end" within 180 done_itself
tail -n 3 /var/log/ecoflow-first-boot.log | sed 's/^/       | /' >>$RESULT
cp /opt/answers.toml /opt/card/ecoflow-setup.toml
check "card, again: installed and set up" sh /opt/card/ecoflow-first-boot.sh /opt/card
check "card, again: no unit is left" sh -c '! ls /etc/systemd/system/ecoflow-first-boot.service /etc/systemd/system/multi-user.target.wants/ecoflow-first-boot.service 2>/dev/null'
check "card, again: earlier pairing lines are kept" grep -q "earlier run" /root/ecoflow-pairing.txt
check "card, again: the answers are gone" sh -c '! ls /var/lib/ecoflow-first-boot/* /opt/card/ecoflow-setup.toml 2>/dev/null'
check "card: setup saw the station through the daemon" grep -q "ok     Study: alive" /root/ecoflow-pairing.txt
on_mosquitto "card"
outage_elsewhere
say END
