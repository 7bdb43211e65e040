#!/usr/bin/env bash
# The part of eng/systemd-test.sh that runs below systemd.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
image=example.com/busybox:1
check() { echo "-- $*"; }
fail() {
  echo "FAILED: $*" >&2
  journalctl -u gantry --no-pager -n 30 >&2
  exit 1
}
until_so() { # seconds, command ...
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || fail "not so: $*"
    sleep 0.2
  done
}
active() { systemctl is-active --quiet gantry 2>/dev/null; }
pid() { systemctl show -p MainPID --value gantry; }
is_another() { active && [ "$(pid)" != "$1" ] && [ "$(pid)" != 0 ]; }
lives() { [ "$(gantry exec stays echo lives)" = lives ] || fail "the container is gone after $1"; }
journal() { journalctl -u gantry --no-pager -o cat | grep -F "$1" >/dev/null; }

check start
until_so 60 active
systemctl status gantry --no-pager | grep -F 'Status: "serving on /run/gantry/gantry.sock"' >/dev/null || fail status
journal 'successfully booted' || fail journal

# systemd wants cpu and cpuacct in one hierarchy. A host that has them apart can't give it that; they are mounted apart then.
if [ -d /sys/fs/cgroup/cpu,cpuacct ] && ! mountpoint -q /sys/fs/cgroup/cpu,cpuacct; then
  mount -o remount,rw /sys/fs/cgroup
  for controller in cpu cpuacct; do
    rm "/sys/fs/cgroup/$controller"
    mkdir "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller"
  done
  rmdir /sys/fs/cgroup/cpu,cpuacct
fi
gantry import --index-name "$image" /root/busybox.tar >/dev/null
gantry run -d --name stays "$image" sleep 1000 >/dev/null
lives start

check reload
before=$(pid)
printf '[debug]\nlevel = "debug"\n' >/etc/gantry/conf.d/test.toml
systemctl reload gantry
until_so 20 journal 'configuration was read again'
[ "$(pid)" = "$before" ] || fail 'the daemon was started anew'

check restart
systemctl restart gantry
is_another "$before" || fail 'the daemon was not started anew'
lives restart

check "stop, and start again"
systemctl stop gantry
pgrep -f 'sleep 1000' >/dev/null || fail 'the container ended with the daemon'
gantry ps 2>/dev/null && fail 'it serves'
systemctl start gantry
lives 'stop and start'

check "a daemon that is killed comes again"
before=$(pid)
kill -KILL "$before"
until_so 20 is_another "$before"
lives SIGKILL

check "a daemon that hangs is ended and comes again"
mkdir -p /etc/systemd/system/gantry.service.d
printf '[Service]\nWatchdogSec=4\nTimeoutAbortSec=1\n' >/etc/systemd/system/gantry.service.d/test.conf
systemctl daemon-reload
systemctl restart gantry
before=$(pid)
sleep 9
[ "$(pid)" = "$before" ] || fail 'a daemon that works was ended'
kill -STOP "$before"
until_so 30 is_another "$before"
lives 'its end by the watchdog'

check "disabled and removed"
gantry rm --force stays >/dev/null
systemctl disable --now gantry 2>/dev/null
apt-get remove -y -qq gantry >/dev/null 2>&1
[ "$(systemctl is-active gantry)" = inactive ] || fail 'it is active'
echo "the units work"
