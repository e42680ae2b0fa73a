# Common to the checks on a blank Debian. Each runs as root inside the booted system; one line a check goes to $RESULT.
RESULT=/opt/result
ENV=/etc/ecoflow-power/ecoflow-power.env
export DEBIAN_FRONTEND=noninteractive
say() { echo "$*" >>$RESULT; sync $RESULT; }
check() { # NAME COMMAND…: ok when the command succeeds
    local name=$1; shift
    if "$@" >/opt/last 2>&1; then say "ok     $name"; else
        say "FAILED $name"; tail -n 6 /opt/last | sed 's/^/       | /' >>$RESULT
        journalctl -n 15 --no-pager -o cat -u ecoflow-power -u mosquitto -u ecoflow-power-broker-memory | sed 's/^/       | /' >>$RESULT
    fi
}
within() { # SECONDS COMMAND…: tries until it succeeds
    local end=$((SECONDS + $1)); shift
    until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.3; done
}
is_active() { systemctl -q is-active "$1"; }
ready() { [ "$(systemctl is-active ecoflow-power)" = active ]; }
now() { date '+%Y-%m-%d %H:%M:%S'; }
logged() { journalctl -u "$1" --since "$3" -o cat --no-pager | grep -q "$2"; }
apt() { apt-get -y --no-install-recommends "$@"; }
# Protected as far as this machine goes: the daemon at Mosquitto with its password, Mosquitto open to hosts, nobody let in without one.
on_mosquitto() { # NAME
    check "$1: READY" within 30 ready
    check "$1: the configuration names Mosquitto" grep -q '^MQTT_HOST=127.0.0.1' $ENV
    check "$1: Mosquitto runs, with TLS for the hosts" within 20 listens
    check "$1: the daemon is connected to Mosquitto" within 20 connected
    check "$1: the certificate's authority is there" test -s /etc/mosquitto/ecoflow-power/ca.pem
    check "$1: users and rights are Mosquitto's own" owned
}
listens() { is_active mosquitto && ss -ltnp | grep -q ':8883 .*mosquitto' && ss -ltnp | grep -q ':1883 .*mosquitto'; }
connected() { ss -tnp state established '( dport = :1883 )' | grep -q ecoflow-power; }
owned() { [ "$(stat -c %U:%G /etc/mosquitto/ecoflow-power/passwords /etc/mosquitto/ecoflow-power/acl | sort -u)" = mosquitto:mosquitto ]; }
inside() { ss -ltnp | grep -q '127.0.0.1:1883 .*ecoflow-power'; }
# There is no network here, and waiting for names would take minutes: apt's lists and archives are in the root.
echo 'Acquire::http::Proxy "http://127.0.0.1:9";' >/etc/apt/apt.conf.d/99-no-network
host_is_off() { ecoflow-power doctor | grep -q "host pc: .*because it is \(switched off\|offline\)"; }
doctor_says() { ecoflow-power doctor | grep -q "$1"; }
# Pairs the second system, and lets the grid go: it must be powered off, over TLS. It is watched from outside.
outage_elsewhere() {
    grep ^ecoflow-agent-1 /root/ecoflow-pairing.txt | tail -n 1 >/opt/shared/pairing.new && mv /opt/shared/pairing.new /opt/shared/pairing
    check "the other system's agent is online" within 90 test -e /opt/shared/paired
    check "doctor sees the host" within 30 doctor_says "ok     host pc: would be shut down: yes"
    kill -USR1 $CLOUD
    check "an outage: the daemon knows that the host is off" within 150 host_is_off
}
