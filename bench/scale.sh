#!/usr/bin/env bash
# What records and lists cost beside containerd, and how one daemon fares with very many objects:
#   bench/scale.sh records [CONTAINERS [BLOBS [ROWS]]]     both daemons in turn; ROWS: only rows with this in their name
#   bench/scale.sh scale [BLOBS [SNAPSHOTS [CONTAINERS]]]  Gantry alone
# Needs root, the published programs in out/ (or GANTRY_BIN), and for records Debian's containerd.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-records}
shift || true
. bench/daemons.sh

start_gantryd
second=$gantryd_pid
if [ "$mode" = records ]; then
  start_containerd
  second=$work/c/d.sock
fi

run_bench "$mode" "$work/g/d.sock" "$second" "$@"
