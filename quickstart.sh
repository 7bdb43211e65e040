#!/usr/bin/env bash
# The main job in one command: build, start a private daemon, pull an image, run a container, show the result.
#   ./quickstart.sh              a small image made of Debian's static busybox, served by a registry on loopback
#   ./quickstart.sh IMAGE CMD…   an image of yours, from its own registry
set -euo pipefail
cd "$(dirname "$0")"

if [ "$(id -u)" -ne 0 ]; then
  exec sudo --preserve-env "$0" "$@"
fi

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

say "Packages"
eng/packages.sh build run

say "Build (three programs, compiled ahead of time)"
eng/publish.sh out
export PATH="$PWD/out:$PATH"
ls -l --block-size=K out | awk 'NR > 1 { print $5, $9 }'

work=$(mktemp -d /tmp/gantry-quickstart.XXXXXX)
pids=()
cleanup() {
  local code=$?
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  [ "$code" -eq 0 ] || { echo "the daemon's log:"; tail -n 30 "$work/daemon.log" 2>/dev/null || true; }
  rm -rf "$work"
  exit "$code"
}
trap cleanup EXIT

wait_for() { # what, command…
  local what=$1; shift
  for _ in $(seq 100); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "$what did not come up" >&2
  return 1
}

say "Start a daemon on a private root"
export GANTRY_ADDRESS=$work/gantry.sock
gantryd --root "$work/root" --state "$work/state" --address "$GANTRY_ADDRESS" >"$work/daemon.log" 2>&1 &
pids+=($!)
wait_for "the daemon" gantry version
gantry version

if [ $# -gt 0 ]; then
  image=$1; shift
  command=("$@")
else
  say "Make an image and serve it from a registry on loopback"
  eng/busybox-image.sh "$work/layout" latest >/dev/null 2>&1
  port=$(shuf -i 20000-40000 -n 1)
  printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\nlog: {level: error}\n' \
    "$work/registry" "$port" >"$work/registry.yml"
  docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
  pids+=($!)
  wait_for "the registry" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
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

say "Run ${command[*]:-the image\'s own command}"
code=0
gantry run --rm --name quickstart "$image" "${command[@]}" || code=$?
echo "exit code: $code"

say "What happened, as the daemon told it"
kill "$events" 2>/dev/null || true
wait "$events" 2>/dev/null || true
grep -o '"topic":"[^"]*"' "$work/events.log" | cut -d'"' -f4

say "Clean up"
gantry rmi "$image"
gantry ps -a
echo "done"
