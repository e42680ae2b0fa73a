#!/bin/bash
# The commands of the documents, each block as it stands there, in the order of a house's life: scripts/walk/table.ts.
. /opt/lib.sh
export HOME=/root
# A reader is no root and answers apt's question; here there is neither.
printf '#!/bin/sh\nexec "$@"\n' >/usr/local/bin/sudo; chmod +x /usr/local/bin/sudo
echo 'APT::Get::Assume-Yes "true"; APT::Install-Recommends "false";' >/etc/apt/apt.conf.d/99-yes
# An installer writes it; the host of the walk lies on the daemon's own machine.
echo "127.0.1.1 $(hostname)" >>/etc/hosts
# What hears a webhook: ARGUMENT is its port.
cat >/opt/answer <<'Y'
#!/usr/bin/perl
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) {
    sysread($c, my $heard, 65536);
    print $c "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    close $c;
}
Y
chmod +x /opt/answer
/opt/cloud /opt >/opt/cloud.log 2>&1 &
check "the emulated cloud is there" within 60 test -e /opt/answers.toml
mkdir /root/downloads; cd /root/downloads || exit
cp /opt/ecoflow-power.deb ecoflow-power_0.1.0_amd64.deb
cp -r /opt/agent agent; ln -s agent/ecoflow-agent ecoflow-agent
pasted() { # SCRIPT: what it prints is kept for the next ones
    timeout 300 bash "$1" </dev/null >/opt/said 2>&1; local code=$?
    cat /opt/said >>/root/paste.log; tail -n 25 /opt/said; return $code
}
while read -r number title; do
    check "$title" pasted "/opt/walk/$number.sh" </dev/null
    # All that was said, for who looks for the reason.
    if tail -n 1 $RESULT | grep -q '|'; then tail -n 25 /opt/said | sed 's/^/       > /' >>$RESULT; fi
done </opt/walk/list
say END
