#!/bin/sh
# Who may include whom: cmd -> net -> core -> crypto, downwards only.  libev
# is named in net/ only, BearSSL in crypto/ only, and what is pure names
# nothing of the system.
set -eu
cd "$(dirname "$0")/.."

found=0

# deny DIR PATTERN [EXCEPT]: no include in DIR may match.
deny() {
	for f in "$1"/*.[ch]; do
		[ -f "$f" ] && [ "$f" != "${3:-}" ] || continue
		if grep -HnE "^#[ 	]*include [<\"]($2)" "$f"; then
			found=1
		fi
	done
}

system='sys/|netinet/|net/if|unistd\.h|fcntl\.h|poll\.h|time\.h|signal\.h|pthread\.h|netdb\.h|dirent\.h|termios\.h|pwd\.h'
deny crypto 'core/|net/|cmd/|ev\.h'
deny crypto "$system" crypto/rand.c
deny core   'net/|cmd/|ev\.h|bearssl'
deny core   "$system"
deny net    'cmd/|bearssl'
deny cmd    'ev\.h|bearssl'

# A file opens with its licence, a source includes its own header first, and
# past 400 lines there are two nouns in it.
for f in core/*.c crypto/*.c net/*.c cmd/*.c; do
	[ -f "$f" ] || continue
	if [ "$(head -n 1 "$f")" != "// SPDX-License-Identifier: MIT" ]; then
		echo "$f:1: does not start with its licence"
		found=1
	fi
	if [ -f "${f%.c}.h" ]; then
		case $(grep -m 1 '^#include' "$f" || true) in
		# Its inner one, shared by the files of one noun, has it too.
		"#include \"${f%.c}"*) ;;
		*)
			echo "$f: its own header is not its first include"
			found=1
			;;
		esac
	fi
	if [ "$(wc -l <"$f")" -gt 400 ]; then
		echo "$f: over 400 lines"
		found=1
	fi
done

exit "$found"
