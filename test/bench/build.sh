#!/bin/sh
# Fetch and build whom we are measured beside, unless they are there: the
# real frp, chisel and rathole.  Whoever cannot be had is left out later.
set -u
cd "$(dirname "$0")"
out=../../build/bench
mkdir -p "$out"

sh ../interop/build.sh || echo "bench: the real frp could not be built" >&2

command -v go >/dev/null 2>&1 || PATH=$PATH:/usr/local/go/bin
command -v cargo >/dev/null 2>&1 || PATH=$PATH:$HOME/.cargo/bin

chisel() {
	[ ! -x "$out/chisel/chisel" ] || return 0
	command -v go >/dev/null 2>&1 || return 1
	(cd chisel && go build -mod=readonly -trimpath -buildvcs=false \
	    -ldflags "-s -w" -o "../$out/chisel/chisel" \
	    github.com/jpillora/chisel)
}

# Tried once: it takes minutes.  Not --locked: what its own lock file names is
# refused by compilers of today.
rathole() {
	[ ! -x "$out/rathole/bin/rathole" ] || return 0
	[ ! -e "$out/rathole/tried" ] || return 1
	command -v cargo >/dev/null 2>&1 || return 1
	mkdir -p "$out/rathole"
	: >"$out/rathole/tried"
	CARGO_TARGET_DIR=$out/rathole/target cargo install -q \
	    --root "$out/rathole" --version 0.5.0 rathole
	status=$?
	rm -rf "$out/rathole/target"
	return "$status"
}

chisel || echo "bench: chisel could not be built" >&2
rathole || echo "bench: rathole could not be built" >&2
