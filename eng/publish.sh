#!/usr/bin/env bash
# Publishes gantryd, gantry and the shim, compiled ahead of time, into one directory: eng/publish.sh DIR
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mkdir -p "${1:?usage: eng/publish.sh DIR}" && cd "$1" && pwd)

case "$(uname -m)" in
  x86_64) rid=linux-x64 ;;
  aarch64) rid=linux-arm64 ;;
  *) echo "no build for $(uname -m)" >&2; exit 1 ;;
esac

for app in gantry-shim gantryd gantry; do
  dotnet publish "apps/$app" -c Release -r "$rid" -v quiet -nologo
done

# The artifacts hold debug symbols and documentation too; DIR gets what runs.
for app in gantry-shim gantryd gantry; do
  from="artifacts/publish/$app/release_$rid"
  find "$from" -maxdepth 1 -type f ! -name '*.dbg' ! -name '*.xml' ! -name '*.pdb' ! -name '*.json' -print0 |
    xargs -0 -I{} cp -f {} "$out/"
done
