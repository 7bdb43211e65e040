#!/usr/bin/env bash
# Pulls and pushes beside containerd's: bench/pull.sh [ROUNDS [CASE ...]] or bench/pull.sh quick
# Cases: ten, fat, zstd, tiny, again (a pull of what is there), push; all of them if none is named.
# From Debian's docker-registry on the loopback interface, both daemons in turn, medians and ratios; and each daemon's greatest
# resident memory in all of it. Then the physical floor: what reading, hashing, inflating and writing alone take here. The
# images are made once, by bench/pull-image.sh, in $GANTRY_BENCH_CACHE (~/.cache/gantry-bench). Needs root, the published
# programs, and Debian's containerd, docker-registry, debootstrap, skopeo and umoci.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5} cache=${GANTRY_BENCH_CACHE:-$HOME/.cache/gantry-bench} quick=
[ $# -eq 0 ] || shift
cases=" ${*:-ten fat zstd tiny again push} "
if [ "$rounds" = quick ]; then rounds=1 quick=quick cache=$cache/quick; fi
wanted() { [[ $cases == *" $1 "* ]]; }
bench/pull-image.sh "$cache" "$quick" >"${TMPDIR:-/tmp}/gantry-pull-image.log" 2>&1 ||
  { tail -n 20 "${TMPDIR:-/tmp}/gantry-pull-image.log"; exit 1; }
. bench/daemons.sh

start_containerd
start_gantryd
start_registry
host=${image%%/*}
images=(ten fat zstd tiny)
for name in "${images[@]}"; do
  skopeo copy --quiet --insecure-policy --dest-tls-verify=false "oci:$cache/$name:latest" "docker://$host/$name:latest"
done

c() { ctr -a "$work/c/d.sock" "$@"; }
g() { gantry -a "$work/g/d.sock" "$@"; }
reset_peak() { for pid in "$containerd_pid" "$gantryd_pid"; do echo 5 >"/proc/$pid/clear_refs"; done; }
peak() { awk '/^VmHWM:/ { print $2 / 1024 }' "/proc/$1/status"; }
timed() { # FILE COMMAND ...
  local file=$1 start end
  shift
  # What the other side has left to be written back is not this one's to wait for.
  sync
  start=${EPOCHREALTIME/./}
  "$@" >/dev/null 2>"$work/error" || { cat "$work/error"; exit 1; }
  end=${EPOCHREALTIME/./}
  [ "$round" -lt 0 ] || echo $((end - start)) >>"$work/$file"
}
row() { # TITLE FILE FILE
  awk -v t="$1" -v g="$(median "$work/$3")" -v c="$(median "$work/$2")" \
    'BEGIN { printf "  %-34s containerd %9.1f ms   gantry %9.1f ms   %.2f x\n", t, c / 1000, g / 1000, g / c }'
}
title() {
  case $1 in
    ten) echo "ten layers" ;;
    fat) echo "one fat layer, gzip" ;;
    zstd) echo "ten layers, zstd" ;;
    tiny) echo "40 tiny layers" ;;
  esac
}

echo "pull and unpack, median of $rounds, alternating:"
reset_peak
for name in "${images[@]}"; do
  wanted "$name" || continue
  for ((round = -1; round < rounds; round++)); do
    timed "c.$name" c image pull --plain-http "$host/$name:latest"
    c image rm --sync "$host/$name:latest" >/dev/null
    timed "g.$name" g pull --plain-http "$host/$name:latest"
    g rmi --sync "$host/$name:latest" >/dev/null
  done
  row "$(title "$name")" "c.$name" "g.$name"
done

c image pull --plain-http "$host/ten:latest" >/dev/null
g pull --plain-http "$host/ten:latest" >/dev/null 2>&1
if wanted again; then
  for ((round = -1; round < 4 * rounds; round++)); do
    timed c.again c image pull --plain-http "$host/ten:latest"
    timed g.again g pull --plain-http "$host/ten:latest"
  done
  row "all there already" c.again g.again
fi

# Each push goes to a registry that has nothing: one that knew the layers would not be sent them.
push() { # FILE COMMAND ...
  local file=$1 port pid
  shift
  port=$(shuf -i 40001-60000 -n 1)
  rm -rf "$work/empty"
  printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\nlog: {level: error}\n' \
    "$work/empty" "$port" >"$work/empty.yml"
  docker-registry serve "$work/empty.yml" >/dev/null 2>&1 &
  pid=$!
  for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
  timed "$file" "$@" "127.0.0.1:$port/ten:latest"
  kill "$pid"
  wait "$pid" 2>/dev/null || true
}
c_push() { c image push --plain-http "$1" "$host/ten:latest"; }
g_push() { g push --plain-http "$host/ten:latest" "$1"; }
if wanted push; then
  for ((round = -1; round < rounds; round++)); do
    push c.push c_push
    push g.push g_push
  done
  row "push of ten layers" c.push g.push
fi

awk -v c="$(peak "$containerd_pid")" -v g="$(peak "$gantryd_pid")" \
  'BEGIN { printf "greatest resident memory in all of it: containerd %.1f MB, gantryd %.1f MB, %.2f x\n", c, g, g / c }'

wanted ten || exit 0
blobs=$(jq -r '.layers[].digest' "$cache/ten/blobs/sha256/$(jq -r '.manifests[0].digest' "$cache/ten/index.json" | cut -d : -f 2)" |
  sed "s|sha256:|$cache/ten/blobs/sha256/|")
export work
hash_inflate_hash() { sha256sum <"$1" >/dev/null; gzip -dc "$1" | sha256sum >/dev/null; }
unpack() { d=$(mktemp -d "$work/floor.XXXXXX"); tar -C "$d" -xzf "$1"; }
export -f hash_inflate_hash unpack
round=0
for_each() { xargs -n 1 -P "$(nproc)" bash -c "$1"' "$1"' _ <<<"$blobs"; }
timed floor.hash for_each hash_inflate_hash
timed floor.tar for_each unpack
awk -v h="$(cat "$work/floor.hash")" -v t="$(cat "$work/floor.tar")" -v g="$(median "$work/g.ten")" 'BEGIN {
  printf "floor for ten layers, all processors: read, hash, inflate and hash %.1f ms; inflate and write with tar %.1f ms\n", h / 1000, t / 1000
  printf "  the pull is %.2f x the first, %.2f x both\n", g / h, g / (h + t) }'
