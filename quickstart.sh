#!/usr/bin/env bash
# The main job in one command: build, start a private daemon, pull an image, run a container, show the result.
#   ./quickstart.sh              a small image made of Debian's static busybox, served by a registry on loopback
#   ./quickstart.sh IMAGE CMD…   an image of yours, from its own registry
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Building needs no root, and with it would leave files that their owner cannot build over.
if [ -z "${GANTRY_QUICKSTART_BUILT:-}" ]; then
  say "Packages"
  eng/packages.sh build run

  say "Build (three programs, compiled ahead of time)"
  eng/publish.sh out
  ls -l --block-size=K out | awk 'NR > 1 { print $5, $9 }'
fi
if [ "$(id -u)" -ne 0 ]; then
  exec sudo --preserve-env env "PATH=$PATH" GANTRY_QUICKSTART_BUILT=1 bash "$PWD/${0##*/}" "$@"
fi
export PATH="$PWD/out:$PATH"

work=$(mktemp -d /tmp/gantry-quickstart.XXXXXX)
pids=()
container=
cleanup() {
  local code=$?
  trap - EXIT
  trap '' INT TERM
  # Containers outlive their daemon: one that still runs is removed while there is one.
  [ -z "$container" ] || gantry rm --force "$container" >/dev/null 2>&1 || true
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  [ "$code" -eq 0 ] || { echo "the daemon's log:"; tail -n 30 "$work/daemon.log" 2>/dev/null || true; }
  rm -rf --one-file-system "$work"
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

wait_for() { # what, its process, command…
  local what=$1 pid=$2; shift 2
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || break
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "$what did not come up" >&2
  return 1
}

# Whether it is that process, and no other, that listens on the port of loopback.
listens() { # its process, the port
  local inode
  inode=$(awk -v address="$(printf '0100007F:%04X' "$2")" '$2 == address && $4 == "0A" { print $10 }' /proc/net/tcp)
  [ -n "$inode" ] && ls -l "/proc/$1/fd" | grep -F "socket:[$inode]"
}

say "Start a daemon on a private root"
export GANTRY_ADDRESS=$work/gantry.sock
# In a session of its own, so that an interrupt leaves it there to remove the container.
setsid gantryd --root "$work/root" --state "$work/state" --address "$GANTRY_ADDRESS" >"$work/daemon.log" 2>&1 &
pids+=($!)
wait_for "the daemon" $! gantry version
gantry version

if [ $# -gt 0 ]; then
  image=$1; shift
  command=("$@")
else
  say "Make an image and serve it from a registry on loopback"
  eng/busybox-image.sh "$work/layout" latest >/dev/null 2>&1
  # A port may be taken: a registry that cannot have it ends at once, and another one is tried.
  for try in 1 2 3; do
    port=$(shuf -i 20000-30000 -n 1)
    printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\nlog: {level: error}\n' \
      "$work/registry" "$port" >"$work/registry.yml"
    docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
    registry=$!
    pids+=("$registry")
    wait_for "the registry on port $port" "$registry" listens "$registry" "$port" && break
    [ "$try" -lt 3 ] || { cat "$work/registry.log"; exit 1; }
  done
  image=127.0.0.1:$port/busybox:latest
  skopeo copy --quiet --dest-tls-verify=false "oci:$work/layout:latest" "docker://$image"
  command=(/bin/sh -c 'echo "hello from $(busybox | head -n 1)"; echo "I am process $$ on $(uname -sr)"; exit 7')
fi

gantry events --format json >"$work/events.log" 2>&1 &
events=$!
pids+=("$events")

say "Pull $image"
gantry pull "$image"
gantry images

own="the image's own command"
say "Run ${command[*]:-$own}"
code=0
container=quickstart
gantry run --rm --name "$container" "$image" "${command[@]}" || code=$?
container=
echo "exit code: $code"

say "What happened, as the daemon told it"
kill "$events" 2>/dev/null || true
wait "$events" 2>/dev/null || true
grep -o '"topic":"[^"]*"' "$work/events.log" | cut -d'"' -f4

say "Clean up"
gantry rmi "$image"
gantry ps -a
echo "done"
