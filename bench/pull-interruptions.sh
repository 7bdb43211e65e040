#!/usr/bin/env bash
# Interrupts pulls by signals to client and daemon: GANTRY_BIN=out bench/pull-interruptions.sh [TIMES [SEED]]
# Needs root. See docs/durability.md.
set -euo pipefail
cd "$(dirname "$0")/.."
GANTRY_BIN=$(realpath "${GANTRY_BIN:-out}")
export GANTRY_BIN GANTRY_DURABILITY_REPORT=1
export GANTRY_PULL_INTERRUPTIONS="${1:-100}"
[ $# -lt 2 ] || export GANTRY_PULL_SEED="$2"
dotnet run --project tests/Gantry.Durability.Tests -c Release -- -noLogo -class Gantry.Durability.Tests.Pulls.PullTests
