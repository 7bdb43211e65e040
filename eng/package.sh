#!/usr/bin/env bash
# Builds the Debian package out of published programs: eng/package.sh BIN_DIR OUT_DIR
# Prints its path. DEBFULLNAME and DEBEMAIL say who maintains it.
set -euo pipefail
usage="usage: eng/package.sh BIN_DIR OUT_DIR"
bin=$(cd "${1:?$usage}" && pwd)
out=$(mkdir -p "${2:?$usage}" && cd "$2" && pwd)
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
umask 022

# The version is that of the programs; one that is no release sorts before the release that it becomes.
said=$("$bin/gantryd" --version)
read -r _ _ version revision <<<"$said"
[ -n "$version" ] || { echo "gantryd --version told no version: $said" >&2; exit 1; }
date=$(git log -1 --format=%ct "${revision:-HEAD}" 2>/dev/null || git log -1 --format=%ct)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$date}
if [ -n "${revision:-}" ] && [ "$(git rev-parse -q --verify "v$version^{commit}" 2>/dev/null || true)" != "$revision" ]; then
  version="$version~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).${revision:0:7}"
fi
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-The Gantry authors} <${DEBEMAIL:-gantry@localhost}>"

# Programs lie beside one another and beside their library; those of the PATH lead there.
install -d "$tree/usr/bin" "$tree/usr/lib/gantry"
for program in gantryd gantry containerd-shim-gantry-v1; do
  install -m 755 "$bin/$program" "$tree/usr/lib/gantry/$program"
  ln -s "../lib/gantry/$program" "$tree/usr/bin/$program"
done
install -m 644 "$bin/libe_sqlite3.so" "$tree/usr/lib/gantry/"
strip --strip-unneeded "$tree"/usr/lib/gantry/*

install -D -m 644 -t "$tree/lib/systemd/system" eng/package/gantry.service eng/package/gantry-as-containerd.service
install -D -m 644 -t "$tree/etc/gantry" eng/package/config.toml
install -d "$tree/etc/gantry/conf.d"

# The manual and completions come out of the programs that they are about.
"$bin/gantry" man "$work/man"
"$bin/gantryd" man "$work/man"
gzip -9n "$work"/man/*
install -D -m 644 -t "$tree/usr/share/man/man1" "$work"/man/*.1.gz
install -D -m 644 -t "$tree/usr/share/man/man8" "$work"/man/*.8.gz
if compgen -G "$work/man/*.5.gz" >/dev/null; then
  install -D -m 644 -t "$tree/usr/share/man/man5" "$work"/man/*.5.gz
fi
install -d "$tree"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
"$bin/gantry" completion bash >"$tree/usr/share/bash-completion/completions/gantry"
"$bin/gantry" completion zsh >"$tree/usr/share/zsh/vendor-completions/_gantry"
"$bin/gantry" completion fish >"$tree/usr/share/fish/vendor_completions.d/gantry.fish"

doc=$tree/usr/share/doc/gantry
install -D -m 644 eng/package/copyright "$doc/copyright"
install -m 644 README.md "$doc/"
cp -r docs/ops "$doc/ops"
find "$doc/ops" -type f -exec chmod 644 {} +
{
  echo "gantry ($version) unstable; urgency=medium"
  echo
  echo "  * See CHANGELOG.md: what is in it, and what has changed."
  echo
  echo " -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.gz"
gzip -9nc CHANGELOG.md >"$doc/CHANGELOG.md.gz"
install -D -m 644 eng/package/lintian-overrides "$tree/usr/share/lintian/overrides/gantry"

# What the programs are linked with; OpenSSL is loaded at run time and named apart.
mkdir -p "$work/debian"
printf 'Source: gantry\n\nPackage: gantry\nArchitecture: any\n' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info -ltree/usr/lib/gantry \
  $(printf -- '-e%s ' tree/usr/lib/gantry/*) 2>"$work/shlibdeps.log" | sed -n 's/^shlibs:Depends=//p') || libraries=
[ -n "$libraries" ] || { cat "$work/shlibdeps.log" >&2; echo "dpkg-shlibdeps told no libraries" >&2; exit 1; }

install -d "$tree/DEBIAN"
cat >"$tree/DEBIAN/control" <<CONTROL
Package: gantry
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k -s --apparent-size "$tree" | cut -f 1)
Depends: $libraries, libssl3, crun | runc, init-system-helpers (>= 1.52)
Recommends: ca-certificates, kmod
Suggests: btrfs-progs, criu, e2fsprogs
Section: admin
Priority: optional
Description: container runtime daemon that speaks containerd's API
 Gantry pulls images, keeps them, and runs containers of them. It speaks the
 API of containerd on the wire, so that ctr, nerdctl and dockerd work with it,
 and takes over the data of a containerd as it is. Containers live on when the
 daemon is stopped or replaced.
 .
 This package has the daemon gantryd, the command gantry, and the shim that
 keeps each container.
CONTROL
echo /etc/gantry/config.toml >"$tree/DEBIAN/conffiles"
for script in postinst prerm postrm; do
  install -m 755 "eng/package/$script" "$tree/DEBIAN/$script"
done
(cd "$tree" && find usr lib -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)

package=$out/gantry_${version}_$architecture.deb
dpkg-deb --root-owner-group --uniform-compression -Zxz -b "$tree" "$package" >/dev/null
echo "$package"
