#!/bin/sh
# Every header compiles alone, with gcc and with clang.
set -eu
cd "$(dirname "$0")/.."

flags=$(make -s flags)
out=build/check/headers
rm -rf "$out"
mkdir -p "$out"
for h in core/*.h crypto/*.h net/*.h cmd/*.h test/*.h; do
	[ -f "$h" ] || continue
	# Twice, so that a forgotten guard is seen; the declaration keeps the
	# file from being empty.
	printf '#include "%s"\n#include "%s"\nextern int alone;\n' "$h" "$h" \
	    >"$out/$(echo "$h" | tr / _).c"
done
for cc in gcc clang; do
	find "$out" -name '*.c' -print0 |
	    FLAGS=$flags CC=$cc xargs -0 -P 2 -n 8 sh -c '
		eval "set -- $FLAGS \"\$@\""
		for f; do
			case $f in (*.c) ;; (*) continue ;; esac
			eval "$CC $FLAGS -fsyntax-only \"$f\"" || exit 1
		done' sh
done
