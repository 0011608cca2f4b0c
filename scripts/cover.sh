#!/bin/sh
# Line coverage of core/ and crypto/ by the unit tests: a table and a total.
set -eu
cd "$(dirname "$0")/.."

make -j2 COVER=1 build/cover/unit
find build/cover/o -name '*.gcda' -exec rm -f {} +
build/cover/unit >build/cover/log || {
	cat build/cover/log
	exit 1
}
tail -n 1 build/cover/log

find build/cover/o -path '*/o/core/*.gcno' -o -path '*/o/crypto/*.gcno' |
    sort | while read -r o; do
	gcov -n -s "$PWD" -r "$o" 2>/dev/null || true
done | awk -v quote="'" '
/^File / {
	split($0, part, quote)
	file = part[2]
}
/^Lines executed:/ && file ~ /^(core|crypto)\/[^\/]*\.c$/ {
	sub(/^Lines executed:/, "")
	split($0, part, /% of /)
	if (part[2] > lines[file]) {
		lines[file] = part[2]
		hit[file] = part[1] * part[2] / 100
	}
	file = ""
}
END {
	printf "%7s %7s %7s\n", "lines", "run", "%"
	order = "sort -k 4"
	for (f in lines) {
		printf "%7d %7d %7.1f  %s\n", lines[f], hit[f] + 0.5,
		    100 * hit[f] / lines[f], f | order
		all += lines[f]
		ran += hit[f]
	}
	close(order)
	if (all > 0)
		printf "%7d %7d %7.1f  total\n", all, ran + 0.5,
		    100 * ran / all
}'
