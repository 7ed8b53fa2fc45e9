#!/usr/bin/env bash
# tools/build.sh PRESET TARGET...   configures once, builds, and says how long it took. The whole log: build/PRESET/build.log
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=$1; shift
log=build/$preset/build.log; mkdir -p "build/$preset"; begun=$SECONDS
fail() { grep -aE -A12 'error:|Error|FAILED' "$log" | head -60 >&2; echo "[build] $preset failed, see $log" >&2; exit 1; }
echo "[build] $preset: $*"
cmake --preset "$preset" >"$log" 2>&1 || fail
ninja -C "build/$preset" -j "${JOBS:-$(nproc)}" "$@" >>"$log" 2>&1 || fail
echo "$((SECONDS - begun))" >"build/$preset/build.seconds"
echo "[build] $preset took $((SECONDS - begun)) s"
