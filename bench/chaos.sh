#!/usr/bin/env bash
# Kills daemon, shims, OCI runtimes and containers at random: GANTRY_BIN=out bench/chaos.sh [ROUNDS [SEED [FIRST]]]
# Needs root. See docs/ops/supervision.md.
set -euo pipefail
cd "$(dirname "$0")/.."
GANTRY_BIN=$(realpath "${GANTRY_BIN:-out}")
export GANTRY_BIN GANTRY_DURABILITY_REPORT=1
export GANTRY_CHAOS_ROUNDS="${1:-500}"
[ $# -lt 2 ] || export GANTRY_CHAOS_SEED="$2"
[ $# -lt 3 ] || export GANTRY_CHAOS_FIRST="$3"
dotnet run --project tests/Gantry.Durability.Tests -c Release -- -noLogo -class Gantry.Durability.Tests.Chaos.ChaosTests
