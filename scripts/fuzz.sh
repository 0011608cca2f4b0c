#!/bin/sh
# Fuzz one target, or all of them:
#
#   scripts/fuzz.sh TARGET|'' SECS
#
# First the kept corpus, then SECS more seconds of new inputs, which are kept
# under build/ only.  Two targets at a time.
set -u
cd "$(dirname "$0")/.."

one() {
	name=$1 secs=$2
	kept=test/fuzz/corpus/$name
	work=build/fuzz/work/$name
	log=$work/log
	rm -rf "$work"
	mkdir -p "$work/corpus" "$work/crash"
	if [ -d "$kept" ]; then
		cp -R "$kept/." "$work/corpus/"
	fi
	words=""
	if [ -f "test/fuzz/$name.dict" ]; then
		words=-dict=test/fuzz/$name.dict
	fi
	run="build/fuzz/fuzzer/$name -artifact_prefix=$work/crash/ -timeout=10
	    -rss_limit_mb=1024 $words"
	# -runs=0 stops once the corpus has been through.
	if $run -runs=0 "$work/corpus" >"$log" 2>&1 &&
	    { [ "$secs" -eq 0 ] ||
	    $run -max_total_time="$secs" "$work/corpus" >>"$log" 2>&1; }; then
		echo "ok   $name: $(find "$work/corpus" -type f | wc -l) inputs"
		return 0
	fi
	echo "FAIL $name"
	grep -E 'ERROR:|runtime error:|SUMMARY:|Assertion|^ +#[0-9]' "$log" |
	    head -n 30
	for crash in "$work"/crash/*; do
		[ -f "$crash" ] || continue
		echo "  input ($(wc -c <"$crash") bytes), in hex:"
		od -An -v -tx1 "$crash" | sed 's/^/  /'
	done
	return 1
}

if [ "${1:-}" = --one ]; then
	one "$2" "$3"
	exit
fi

[ $# -eq 2 ] || {
	echo "usage: fuzz.sh TARGET|'' SECS" >&2
	exit 2
}
names=$1
if [ -z "$names" ]; then
	names=$(ls test/fuzz/*.c 2>/dev/null | sed 's|.*/||; s|\.c$||')
fi
[ -n "$names" ] || {
	echo "there is no fuzz target"
	echo "0 passed, 0 failed, 0 skipped"
	exit 1
}
makes=$(for n in $names; do echo "build/fuzz/fuzzer/$n"; done)
if ! make -j2 FUZZ=1 $makes; then
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
mkdir -p build/fuzz/work
out=build/fuzz/work/out
printf '%s\n' $names | xargs -P 2 -n 1 sh -c '
	said=$(sh scripts/fuzz.sh --one "$1" "$0")
	printf "%s\n" "$said"' "$2" | tee "$out"
passed=$(grep -c '^ok ' "$out")
failed=$(grep -c '^FAIL ' "$out")
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
