#!/bin/sh
# Install what is missing on a bare Debian 12 (or a relative of it):
#
#   scripts/setup.sh build        what `make` needs
#   scripts/setup.sh test         and what scripts/test.sh needs
#   scripts/setup.sh bench        what `make` and scripts/bench.sh need
#
# As root, or through sudo where there is one.  Without either it prints the
# line to run, and fails.
set -eu

missing=""

# need COMMAND PACKAGE...
need() {
	tool=$1
	shift
	command -v "$tool" >/dev/null 2>&1 || missing="$missing $*"
}

# need_file GLOB PACKAGE
need_file() {
	for f in $1; do
		[ ! -e "$f" ] || return 0
	done
	missing="$missing $2"
}

for_build() {
	need make make
	need gcc gcc
	need ar binutils
	need musl-gcc musl-tools
	need dpkg-source dpkg-dev
	need xz xz-utils
	need_file /etc/ssl/certs/ca-certificates.crt ca-certificates
	need_file "/usr/include/*/sys/socket.h /usr/include/sys/socket.h" \
	    libc6-dev
}

for_test() {
	need bash bash
	need zsh zsh
	need fish fish
	need python3 python3
	need clang clang
	need clang-tidy clang-tidy
	need cppcheck cppcheck
	need llvm-symbolizer llvm
	need mandoc mandoc
	need curl curl
	need openssl openssl
	need ssh openssh-client
	need rsync rsync
	need xauth xauth
	need git git
	need dig bind9-dnsutils
	need tmux tmux
	need chromium chromium
	need ip iproute2
	PATH=$PATH:/usr/sbin:/sbin need sshd openssh-server
	PATH=$PATH:/usr/sbin:/sbin need nginx nginx-light
	need ps procps
	need valgrind valgrind
	need_file "/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a
	    /usr/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a" "$(clang_rt)"
}

# Whom we are measured beside, as far as Debian has them.
for_bench() {
	need python3 python3
	need openssl openssl
	need ssh openssh-client
	PATH=$PATH:/usr/sbin:/sbin need sshd openssh-server
	PATH=$PATH:/usr/sbin:/sbin need haproxy haproxy
	need stunnel stunnel4
	need valgrind valgrind
}

# The run-time library goes by the compiler's version, which may not be here
# yet; then it is asked of the package that will bring it.
clang_rt() {
	v=$(clang --version 2>/dev/null |
	    sed -n 's/.*clang version \([0-9]*\).*/\1/p')
	if [ -z "$v" ]; then
		v=$(apt-cache depends clang 2>/dev/null |
		    sed -n 's/.*Depends: clang-\([0-9]*\).*/\1/p')
	fi
	echo "libclang-rt-${v:-14}-dev"
}

# The real frp is built for the interoperation tests; 0.70.1 wants Go 1.25,
# and the distribution's own may be older.
for_go() {
	for dir in /usr/local/go/bin "$HOME/go/bin"; do
		PATH=$PATH:$dir
	done
	if command -v go >/dev/null 2>&1; then
		return 0
	fi
	minor=$(apt-cache policy golang-go 2>/dev/null |
	    sed -n 's/.*Candidate: 2:1\.\([0-9]*\).*/\1/p')
	if [ "${minor:-0}" -ge 25 ]; then
		missing="$missing golang-go"
		return 0
	fi
	echo "setup: NO GO HERE, and this distribution has none new enough" \
	    "(1.25): the tests against the real frp will be LEFT OUT" >&2
}

look() {
	missing=""
	for_build
	case $what in
	test) for_test ;;
	bench) for_bench ;;
	esac
}

# as_root COMMAND...
as_root() {
	# env, for the settings in front of the command
	if [ "$(id -u)" -eq 0 ]; then
		env "$@"
	elif sudo -n true 2>/dev/null; then
		sudo -n env "$@"
	else
		sudo env "$@"
	fi
}

quietly() {
	log=$(mktemp)
	if as_root "$@" >"$log" 2>&1; then
		rm -f "$log"
		return 0
	fi
	cat "$log" >&2
	rm -f "$log"
	return 1
}

what=${1:-}
case $what in
build | test | bench) ;;
*)
	echo "usage: setup.sh build|test|bench" >&2
	exit 2
	;;
esac

look
if [ -n "$missing" ]; then
	command -v apt-get >/dev/null || {
		echo "setup: missing here:$missing" >&2
		exit 1
	}
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		echo "setup: not root, and no sudo here; as root, run:" >&2
		echo "apt-get update && apt-get install -y" \
		    "--no-install-recommends$missing" >&2
		exit 1
	fi
	echo "setup: reading the package lists"
	quietly apt-get -q update
	# What the lists did not say before may be known now.
	look
	[ "$what" = build ] || for_go
	echo "setup: installing$missing"
	quietly DEBIAN_FRONTEND=noninteractive apt-get -q install -y \
	    --no-install-recommends $missing
	look
	[ -z "$missing" ] || {
		echo "setup: still missing:$missing" >&2
		exit 1
	}
elif [ "$what" = test ]; then
	for_go
fi
