#!/usr/bin/env bash
# tools/package.sh [BINARY [OUT]]   a relocatable tarball: the program, every library that is not the C library's, licences.
# Default: build/release/sluice into build/package. It runs where glibc is 2.36 or newer, from any directory.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=${1:-$root/build/release/sluice}; out=${2:-$root/build/package}
patchelf=$root/deps/patchelf/patchelf
[ -x "$binary" ] || { echo "$binary is not built: make release" >&2; exit 1; }
[ -x "$patchelf" ] || { echo "patchelf is missing: make deps" >&2; exit 1; }
version=$("$binary" version | awk '{print $2; exit}')
name=sluice-$version-linux-$(uname -m)
rm -rf "${out:?}/$name"; mkdir -p "$out/$name/bin" "$out/$name/lib" "$out/$name/share/doc/sluice/libraries"
cd "$out/$name"

cp "$binary" bin/sluice
LD_BIND_NOW=1 ldd "$binary" | awk '$3 ~ /^\// {print $3}' | sort -u | while read -r library; do
  case $(basename "$library") in
    libc.so.6 | libm.so.6 | libpthread.so.0 | libdl.so.2 | librt.so.1 | libresolv.so.2 | ld-linux*) continue ;;
  esac
  cp -L "$library" lib/
  # The licence of a Debian library is its package's copyright file.
  owner=$(dpkg-query -S "$(readlink -f "$library")" 2>/dev/null | cut -d: -f1 | head -1 || true)
  if [ -n "$owner" ] && [ -f "/usr/share/doc/$owner/copyright" ]; then
    cp -L "/usr/share/doc/$owner/copyright" "share/doc/sluice/libraries/$owner.txt"
  fi
done
# How MariaDB's client library proves who it is: loaded by name at run time, so ldd does not show them.
mkdir lib/plugin; cp -L "$(mariadb_config --plugindir)"/*.so lib/plugin/
chmod -R u+w lib
cp "$root/deps/licenses/"*.txt share/doc/sluice/libraries/
cp "$root"/{LICENSE,NOTICE,README.md,CHANGELOG.md} share/doc/sluice/ 2>/dev/null || cp "$root"/{LICENSE,NOTICE} share/doc/sluice/
mkdir -p share/bash-completion/completions share/zsh/site-functions
"$binary" completion bash >share/bash-completion/completions/sluice
"$binary" completion zsh >share/zsh/site-functions/_sluice

for f in lib/*.so* lib/plugin/*.so; do
  "$patchelf" --set-rpath "\$ORIGIN:\$ORIGIN/.." "$f"
  if file -b "$f" | grep -q 'not stripped'; then strip --strip-unneeded "$f"; fi
done
"$patchelf" --set-rpath "\$ORIGIN/../lib" bin/sluice
strip --strip-unneeded bin/sluice

cd "$out"
XZ_OPT="-T0 -3" tar --sort=name --owner=0 --group=0 --numeric-owner -cJf "$name.tar.xz" --mode=u+rwX,go+rX "$name"
echo "$name.tar.xz: $(du -h "$name.tar.xz" | cut -f1), unpacked $(du -sh "$name" | cut -f1)"
