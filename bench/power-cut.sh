#!/usr/bin/env bash
# Cuts the power of the published daemon under load, in effect: GANTRY_BIN=out bench/power-cut.sh [CUTS [SEED]]
# Needs root, and btrfs. See docs/durability.md.
set -euo pipefail
cd "$(dirname "$0")/.."
GANTRY_BIN=$(realpath "${GANTRY_BIN:-out}")
export GANTRY_BIN GANTRY_DURABILITY_REPORT=1
export GANTRY_POWER_CUTS="${1:-30}"
[ $# -lt 2 ] || export GANTRY_CRASH_SEED="$2"
dotnet run --project tests/Gantry.Durability.Tests -c Release -- -noLogo -class Gantry.Durability.Tests.PowerCut.PowerCutTests
