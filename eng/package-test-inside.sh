#!/usr/bin/env bash
# The part of eng/package-test.sh that runs on the tree, as its root.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
check() { echo "-- $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
links() { find /etc/systemd/system -name '*gantry*' -type l | sort; }

check install
apt-get update -qq
apt-get install -y -qq --no-install-recommends /tmp/gantry.deb >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; fail install; }
[ "$(links)" = /etc/systemd/system/multi-user.target.wants/gantry.service ] || fail "enabled: $(links)"
command -v crun >/dev/null || fail "no OCI runtime came with it"

check programs
gantryd --version | grep '^gantryd gantry [0-9]' >/dev/null || fail version
gantry --help | grep pull >/dev/null || fail help
gantryd config dump | grep '^root = "/var/lib/gantry"' >/dev/null || fail config
ldd /usr/lib/gantry/* | grep 'not found' && fail libraries
bash -nc 'source /usr/share/bash-completion/completions/gantry'

serve() { # name, arguments: runs a daemon until it answers
  local name=$1
  shift
  : >"/tmp/$name.log"
  gantryd "$@" 2>>"/tmp/$name.log" &
  daemon=$!
  for ((i = 0; i < 300; i++)); do
    if grep -q 'successfully booted' "/tmp/$name.log"; then return 0; fi
    kill -0 "$daemon" 2>/dev/null || { cat "/tmp/$name.log"; fail "$name ended"; }
    sleep 0.1
  done
  cat "/tmp/$name.log"
  fail "$name does not answer"
}
stop() { kill "$daemon"; wait "$daemon" || fail "the daemon ended with $?"; }

check "a daemon with the configuration of the package"
serve plain
[ "$(stat -c '%a %u %g' /run/gantry/gantry.sock)" = '660 0 0' ] || fail "socket: $(stat -c '%a %u %g' /run/gantry/gantry.sock)"
gantry import --index-name example.com/busybox:1 /tmp/busybox.tar >/dev/null
image=$(gantry images -q | head -n 1)
[ "$(gantry run --rm "$image" echo from inside)" = 'from inside' ] || { cat /tmp/plain.log; fail run; }
gantry run --rm "$image" sh -c 'exit 7' && fail 'exit code' || [ $? -eq 7 ]
[ "$(gantry __complete rmi exam)" = "$image" ] || fail "completion: $(gantry __complete rmi exam)"

check "containers live on while the package is replaced"
gantry run -d --name stays "$image" sleep 1000 >/dev/null
stop
echo '# ours' >>/etc/gantry/config.toml
dpkg -i --force-confdef /tmp/gantry.deb >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; fail upgrade; }
grep -q '^# ours' /etc/gantry/config.toml || fail 'a changed configuration was replaced'
serve again
gantry ps | grep stays >/dev/null || fail 'container lost'
gantry exec stays true
gantry stop --time 1s stays >/dev/null
gantry rm stays >/dev/null
stop

check "in the place of containerd"
serve containerd --as-containerd
[ -S /run/containerd/containerd.sock ] && [ -S /run/containerd/containerd.sock.ttrpc ] || fail sockets
[ -d /var/lib/containerd/io.containerd.content.v1.content ] || fail root
if command -v ctr >/dev/null; then
  ctr version 2>/dev/null | grep '^Server:' >/dev/null || fail 'ctr version'
  ctr images import --base-name example.com/ctr /tmp/busybox.tar >/dev/null
  image=$(ctr images ls -q | head -n 1)
  [ "$(ctr run --rm "$image" c1 echo by ctr)" = 'by ctr' ] || { cat /tmp/containerd.log; fail 'ctr run'; }
fi
stop
ln -s /usr/bin/gantryd /usr/local/bin/containerd
containerd --version | grep '^containerd' >/dev/null || fail 'containerd by name'

check "a unit that was disabled stays so"
rm -f /etc/systemd/system/multi-user.target.wants/gantry.service
dpkg -i --force-confdef /tmp/gantry.deb >/dev/null 2>&1
[ -z "$(links)" ] || fail "enabled again: $(links)"

check remove
apt-get remove -y -qq gantry >/dev/null 2>&1
[ ! -e /usr/bin/gantryd ] && [ ! -e /usr/lib/gantry ] || fail 'programs remain'
[ -e /etc/gantry/config.toml ] || fail 'the configuration went with it'
[ -e /var/lib/gantry/io.containerd.metadata.v1.bolt/gantry.db ] || fail 'data went with it'

check purge
apt-get purge -y -qq gantry >/dev/null 2>&1
[ ! -e /etc/gantry/config.toml ] || fail 'the configuration remains'
[ -e /var/lib/gantry/io.containerd.metadata.v1.bolt/gantry.db ] || fail 'data went with the purge'
echo "the package is good"
