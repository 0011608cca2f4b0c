#!/bin/sh
# Fetch, check and unpack the two libraries we stand on, as the distribution's
# own source packages.  The only place where their versions are written.
#
#   scripts/deps.sh DIR           leaves DIR/bearssl and DIR/libev
#
# BEARSSL and LIBEV in the environment may each name a tarball or an unpacked
# tree of one's own (then nothing is fetched and no sum is checked, since the
# choice was made by hand).
set -eu

BEARSSL_TAR=bearssl_0.6+dfsg.1.orig.tar.xz
BEARSSL_SUM=102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004
BEARSSL_HAS=inc/bearssl.h
LIBEV_TAR=libev_4.33.orig.tar.gz
LIBEV_SUM=507eb7b8d1015fbec5b935f34ebed15bf346bed04a11ab82b8eee848c4205aea
LIBEV_HAS=ev.c

die() {
	echo "deps: $*" >&2
	exit 1
}

# A copy of the machine's own apt settings in which every archive also offers
# its sources; the machine's files are only read.
apt_sources() {
	dir=$1
	mkdir -p "$dir/parts" "$dir/lists/partial"
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -f "$f" ] || continue
		sed -n 's/^[[:space:]]*deb\(-src\)\{0,1\}[[:space:]]/deb-src /p' \
		    "$f" | sort -u >"$dir/parts/$(basename "$f" .list).list"
	done
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -f "$f" ] || continue
		sed 's/^Types:.*/Types: deb-src/' "$f" \
		    >"$dir/parts/$(basename "$f")"
	done
}

apt_fetch() {
	work=$1 name=$2
	command -v apt-get >/dev/null || die \
	    "no apt-get here: set BEARSSL=… and LIBEV=… to a tarball or a tree"
	if [ ! -d "$work/apt" ]; then
		apt_sources "$work/apt"
		apt_with "$work" update -qq || die \
		    "cannot read the distribution's source lists (is there a network?)"
	fi
	(cd "$work" && apt_with "$work" source -qq --download-only "$name") \
	    || die "cannot fetch the source package '$name'"
}

apt_with() {
	at=$1
	shift
	apt-get -o Dir::Etc::sourcelist=/dev/null \
	    -o Dir::Etc::sourceparts="$at/apt/parts" \
	    -o Dir::State::lists="$at/apt/lists" \
	    -o APT::Sandbox::User=root "$@" >"$at/apt.log" 2>&1 ||
	    { cat "$at/apt.log" >&2; return 1; }
}

unpack() {
	tar=$1 to=$2 has=$3
	rm -rf "$to" "$to.part"
	mkdir -p "$to.part"
	tar -xf "$tar" -C "$to.part" || die "cannot unpack '$tar'"
	[ -f "$to.part/$has" ] || {
		inner=$(echo "$to.part"/*)
		[ -f "$inner/$has" ] || die "'$tar' holds no $has"
		mv "$inner" "$to.inner" && rm -rf "$to.part" &&
		    mv "$to.inner" "$to.part"
	}
	mv "$to.part" "$to"
}

# have NAME GIVEN TAR SUM HAS
have() {
	name=$1 given=$2 tar=$3 sum=$4 has=$5 to=$dest/$1
	if [ -n "$given" ] && [ -d "$given" ]; then
		[ -f "$given/$has" ] || die "'$given' holds no $has"
		rm -rf "$to"
		mkdir -p "$to"
		cp -R "$given/." "$to/"
		return
	fi
	if [ -n "$given" ]; then
		[ -f "$given" ] || die "'$given' is neither a tarball nor a tree"
		unpack "$given" "$to" "$has"
		return
	fi
	[ -f "$dest/$tar" ] || apt_fetch "$dest" "$name"
	[ -f "$dest/$tar" ] || die \
	    "the distribution's '$name' is not the '$tar' that we build with"
	got=$(sha256sum "$dest/$tar" | cut -d' ' -f1)
	[ "$got" = "$sum" ] || die \
	    "wrong checksum of '$dest/$tar': got $got, want $sum; remove it and look where it came from"
	[ -f "$to/$has" ] || unpack "$dest/$tar" "$to" "$has"
}

[ $# -eq 1 ] || die "usage: deps.sh DIR"
mkdir -p "$1"
dest=$(cd "$1" && pwd)
have bearssl "${BEARSSL:-}" "$BEARSSL_TAR" "$BEARSSL_SUM" "$BEARSSL_HAS"
have libev "${LIBEV:-}" "$LIBEV_TAR" "$LIBEV_SUM" "$LIBEV_HAS"
rm -rf "$dest/apt" "$dest/apt.log"
echo "bearssl $BEARSSL_SUM libev $LIBEV_SUM" >"$dest/stamp"
