#!/usr/bin/env bash
# Pulls and pushes beside containerd's: bench/pull.sh [ROUNDS [CASE ...]] or bench/pull.sh quick
# Cases: ten, fat, zstd, tiny, again (a pull of what is there), push; all of them if none is named.
# From Debian's docker-registry on the loopback interface, both daemons in turn, medians and ratios; and each daemon's greatest
# resident memory in each case. Each pull is the first of its daemon, into a root of its own; nothing is removed before the
# end, since ext4 without a journal makes files slowly for minutes after many were removed, whoever makes them. Then the physical floor: what reading, hashing, inflating and writing alone take here. The
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
pid_of() { local name=gantryd_pid; [ "$1" = g ] || name=containerd_pid; echo "${!name}"; }
# The daemon of a side once more, on an empty root.
afresh() { # c or g
  kill "$(pid_of "$1")"
  wait "$(pid_of "$1")" 2>/dev/null || true
  mkdir -p "$work/old"
  mv "$work/$1/root" "$work/old/$1.$((++roots))"
  if [ "$1" = g ]; then serve_gantryd; else serve_containerd; fi
  await_daemon "$1"
}
roots=0
note_peak() { awk '/^VmHWM:/ { print $2 / 1024 }' "/proc/$(pid_of "$1")/status" >>"$work/$1.peak.$2"; } # c or g, CASE
greatest() { sort -g "$1" | tail -n 1; }
# The sides, each first every other time.
order() { if ((round % 2)); then echo c g; else echo g c; fi; }
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
row() { # TITLE CASE
  awk -v t="$1" -v g="$(median "$work/g.$2")" -v c="$(median "$work/c.$2")" \
    -v gm="$(greatest "$work/g.peak.$2")" -v cm="$(greatest "$work/c.peak.$2")" 'BEGIN {
      printf "  %-20s containerd %9.1f ms %6.1f MB   gantry %9.1f ms %6.1f MB   %.2f x time, %.2f x memory\n",
        t, c / 1000, cm, g / 1000, gm, g / c, gm / cm }'
}
title() {
  case $1 in
    ten) echo "ten layers" ;;
    fat) echo "one fat layer, gzip" ;;
    zstd) echo "ten layers, zstd" ;;
    tiny) echo "40 tiny layers" ;;
  esac
}

pull() { if [ "$1" = c ]; then c image pull --plain-http "$2"; else g pull --plain-http "$2"; fi; }
echo "pull and unpack, median of $rounds, alternating; greatest resident memory of the daemon:"
for name in "${images[@]}"; do
  wanted "$name" || continue
  for ((round = -1; round < rounds; round++)); do
    for side in $(order); do
      afresh "$side"
      timed "$side.$name" pull "$side" "$host/$name:latest"
      note_peak "$side" "$name"
    done
  done
  row "$(title "$name")" "$name"
done

for side in c g; do
  afresh "$side"
  pull "$side" "$host/ten:latest" >/dev/null 2>&1
done
if wanted again; then
  for ((round = -1; round < 4 * rounds; round++)); do
    for side in $(order); do timed "$side.again" pull "$side" "$host/ten:latest"; done
  done
  for side in c g; do note_peak "$side" again; done
  row "all there already" again
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
    for side in $(order); do push "$side.push" "${side}_push"; done
  done
  for side in c g; do note_peak "$side" push; done
  row "push of ten layers" push
fi

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
