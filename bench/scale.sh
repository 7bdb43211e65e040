#!/usr/bin/env bash
# What records and lists cost beside containerd, and how one daemon fares with very many objects:
#   bench/scale.sh records [CONTAINERS [BLOBS [ROWS]]]     both daemons in turn; ROWS: only rows with this in their name
#   bench/scale.sh scale [BLOBS [SNAPSHOTS [CONTAINERS]]]  Gantry alone
# Needs root, the published programs in out/ (or GANTRY_BIN), and for records Debian's containerd.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-records}
shift || true
export PATH="${GANTRY_BIN:-$PWD/out}:$PATH"
work=$(mktemp -d "${TMPDIR:-/tmp}/gantry-bench.XXXXXX")
pids=()
cleanup() {
  local code=$?
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
  exit "$code"
}
trap cleanup EXIT

mkdir "$work/c" "$work/g"
gantryd --root "$work/g/root" --state "$work/g/state" -a "$work/g/s.sock" >"$work/g/log" 2>&1 &
pids+=($!)
second=$!
sides=(g)
if [ "$mode" = records ]; then
  cat >"$work/c/config.toml" <<TOML
version = 2
root = "$work/c/root"
state = "$work/c/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$work/c/s.sock"
TOML
  containerd -c "$work/c/config.toml" >"$work/c/log" 2>&1 &
  pids+=($!)
  second=$work/c/s.sock
  sides+=(c)
fi
for side in "${sides[@]}"; do
  timeout 60 bash -c "until ctr -a $work/$side/s.sock version >/dev/null 2>&1; do sleep 0.1; done"
done
dotnet build bench/Gantry.Bench -c Release -v q -p:RunAnalyzers=false >/dev/null
artifacts/bin/Gantry.Bench/release/Gantry.Bench "$mode" "$work/g/s.sock" "$second" "$@"
