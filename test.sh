#!/usr/bin/env bash
# Builds everything and runs every test: ./test.sh [PROJECT ...]
# Needs root for all that mounts and runs containers; what a machine lacks is skipped, or with CI=true it fails.
set -euo pipefail
cd "$(dirname "$0")"

eng/packages.sh build run test
export GANTRY_BIN="${GANTRY_BIN:-$PWD/out}"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

dotnet build Gantry.slnx -c Release -v quiet -nologo
eng/publish.sh "$GANTRY_BIN"

passed=0 failed=0 skipped=0 broken=()
if [ $# -gt 0 ]; then projects=("$@"); else projects=(tests/*.Tests); fi
for project in "${projects[@]}"; do
  name=$(basename "$project")
  log=$(mktemp)
  echo "== $name"
  "artifacts/bin/$name/release/$name" -noLogo -noColor 2>&1 | tee "$log" || true
  summary() { sed -nE "s/^ *$name +Total:.*\b$1: ([0-9]+).*/\1/p; s/^ *$name +($1): ([0-9]+),.*/\2/p" "$log" | tail -n 1; }
  total=$(summary Total) errors=$(summary Errors) fails=$(summary Failed) skips=$(summary Skipped) unrun=$(summary "Not Run")
  if [ "${total:-0}" -eq 0 ]; then broken+=("$name"); fi
  failed=$((failed + ${fails:-0} + ${errors:-0})) skipped=$((skipped + ${skips:-0}))
  passed=$((passed + ${total:-0} - ${fails:-0} - ${skips:-0} - ${unrun:-0}))
  rm -f "$log"
done

# The Debian package, on trees of its own: by itself, and below systemd.
if [ $# -eq 0 ] && [ "$(id -u)" -eq 0 ]; then
  echo "== package"
  dist=$(mktemp -d)
  if package=$(eng/package.sh "$GANTRY_BIN" "$dist") && eng/debian-tree.sh "$dist/base"; then
    for test in package systemd; do
      if BASE=$dist/base "eng/$test-test.sh" "$package"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    done
  else
    failed=$((failed + 1))
  fi
  rm -rf "$dist"
fi

if [ ${#broken[@]} -gt 0 ]; then
  echo "ran no test, or broke off: ${broken[*]}"
  failed=$((failed + ${#broken[@]}))
fi
echo
if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ]
