#!/usr/bin/env bash
# Subscribers that drop and resume while events are published and the daemon is killed:
#   GANTRY_BIN=out bench/replay.sh [EVENTS [SUBSCRIBERS [KILLS [SEED]]]]
# Needs root. See docs/ops/events.md.
set -euo pipefail
cd "$(dirname "$0")/.."
GANTRY_BIN=$(realpath "${GANTRY_BIN:-out}")
export GANTRY_BIN GANTRY_DURABILITY_REPORT=1
export GANTRY_REPLAY_EVENTS="${1:-100000}" GANTRY_REPLAY_WATCHERS="${2:-50}" GANTRY_REPLAY_KILLS="${3:-10}"
[ $# -lt 4 ] || export GANTRY_REPLAY_SEED="$4"
dotnet run --project tests/Gantry.Durability.Tests -c Release -- -noLogo -class Gantry.Durability.Tests.Events.ReplayTests
