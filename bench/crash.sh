#!/usr/bin/env bash
# Kills the published daemon under load: GANTRY_BIN=out bench/crash.sh [KILLS [SEED]]
# Needs root. See docs/durability.md.
set -euo pipefail
cd "$(dirname "$0")/.."
GANTRY_BIN=$(realpath "${GANTRY_BIN:-out}")
export GANTRY_BIN GANTRY_DURABILITY_REPORT=1
export GANTRY_CRASH_KILLS="${1:-200}"
[ $# -lt 2 ] || export GANTRY_CRASH_SEED="$2"
dotnet run --project tests/Gantry.Durability.Tests -c Release -- -noLogo -class Gantry.Durability.Tests.Crash.CrashTests
