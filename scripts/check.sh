#!/bin/sh
# Static checks, each by name: what no test run can show.
set -u
cd "$(dirname "$0")/.."

passed=0
failed=0
out=build/check
flags=$(make -s flags) || exit 1
ours=$(ls core/*.c crypto/*.c net/*.c cmd/*.c 2>/dev/null)
tests=$(ls test/*.c test/*/*.c 2>/dev/null)
mkdir -p "$out"
export FLAGS="$flags" OUT="$out"

# stage NAME COMMAND...: what a stage says is shown only when it fails.
stage() {
	name=$1
	shift
	if "$@" >"$out/log" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		sed 's/^/  /' "$out/log"
	fi
}

# each N COMMAND: the files on stdin, N a time on both cores.
each() {
	n=$1
	shift
	xargs -r -P 2 -n "$n" sh -c "$1" sh
}

shells() {
	bad=0
	for f in scripts/*.sh test/*/*.sh; do
		[ ! -f "$f" ] || sh -n "$f" || bad=1
	done
	[ ! -f .ci/run ] || bash -n .ci/run || bad=1
	return "$bad"
}

pythons() {
	python3 - $(ls test/*/*.py 2>/dev/null) <<-'EOF'
	import ast, sys
	for path in sys.argv[1:]:
	    with open(path) as f:
	        ast.parse(f.read(), path)
	EOF
}

# Optimised, since some warnings need the flow of values; the objects are
# looked at below.
gcc_all() {
	rm -rf "$out/o"
	for d in core crypto net cmd test; do
		mkdir -p "$out/o/$d"
	done
	printf '%s\n' $tests | sed "s|^|$out/o/|; s|/[^/]*\$||" | sort -u |
	    xargs -r mkdir -p
	printf '%s\n' $ours $tests | each 6 'for f; do
		eval "gcc $FLAGS -O2 -fno-pie -ffunction-sections -c" \
		    "-o \"$OUT/o/${f%.c}.o\" \"$f\"" || exit 1; done'
}

# libev's macros, opened in our sources, leave values unused.
clang_all() {
	printf '%s\n' $ours $tests | each 12 'eval "clang $FLAGS -Wno-unused-value -fsyntax-only \"\$@\""'
}

# Data that can change outside of a function's own frame.
globals() {
	bad=0
	for f in $ours; do
		nm "$out/o/${f%.c}.o" | grep ' [bBdDC] ' |
		    sed "s|^|$f: mutable global: |" | grep . && bad=1
	done
	return "$bad"
}

# core/ and crypto/ are handed time, bytes and dice: nothing is asked of the
# kernel, save by crypto/rand.c.
calls() {
	deny='open|openat|fopen|fdopen|read|write|pread|pwrite|readv|writev'
	deny="$deny|close|socket|connect|accept|accept4|bind|listen|send|sendto"
	deny="$deny|recv|recvfrom|sendmsg|recvmsg|poll|select|epoll_.*|ioctl"
	deny="$deny|fcntl|time|clock|clock_gettime|gettimeofday|sleep|usleep"
	deny="$deny|nanosleep|getenv|setenv|getrandom|getentropy|rand|random"
	deny="$deny|fork|execv.*|system|popen|pthread_.*|getaddrinfo|localtime.*"
	bad=0
	for f in $ours; do
		case $f in
		crypto/rand.c) continue ;;
		core/* | crypto/*) ;;
		*) continue ;;
		esac
		nm -u "$out/o/${f%.c}.o" | sed 's/^ *U //' |
		    grep -xE "$deny" | sed "s|^|$f: calls |" | grep . && bad=1
	done
	return "$bad"
}

# What is not initialised is left to clang-tidy below, who follows the flow.
cpp_check() {
	cppcheck --quiet --inline-suppr --error-exitcode=1 -j 2 --std=c11 \
	    --enable=warning,performance,portability --max-configs=1 \
	    --suppress=missingIncludeSystem --suppress=legacyUninitvar \
	    --suppress=uninitvar --suppress=uninitStructMember \
	    --suppress=normalCheckLevelMaxBranches \
	    -D_GNU_SOURCE -D__linux__ -D'CULVERT_VERSION="0"' -I. $ours
}

tidy() {
	printf '%s\n' $ours | each 6 'eval "clang-tidy --quiet \"\$@\" -- $FLAGS -Wno-unused-value" \
	    2>/dev/null'
}

stage "layers" sh scripts/layers.sh
stage "shell scripts parse" shells
stage "python parses" pythons
stage "each header alone, gcc and clang" sh scripts/headers.sh
stage "no warning in gcc" gcc_all
stage "no warning in clang" clang_all
stage "no mutable global" globals
stage "core and crypto ask nothing of the kernel" calls
stage "cppcheck" cpp_check
stage "clang-tidy" tidy

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
