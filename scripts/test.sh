#!/bin/sh
# Everything that is tested, on a bare Debian 12 too.  Goes on after a stage
# that failed; the last line is the sum of all stages.
set -u
cd "$(dirname "$0")/.."

passed=0
failed=0
skipped=0
failures=""
log=$(mktemp)
trap 'rm -f "$log" "$log.rc"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
began=$(date +%s)

# The number in front of a word in the stage's closing line.
count_of() {
	sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*/\1 \2 \4/p' \
	    "$log" | tail -n 1
}

# stage NAME COMMAND...: one without a closing line counts as one.
stage() {
	name=$1
	shift
	from=$(date +%s)
	printf '\n== %s\n' "$name"
	{
		"$@" 2>&1
		echo $? >"$log.rc"
	} | tee "$log"
	rc=$(cat "$log.rc")
	counts=$(count_of)
	if [ -z "$counts" ]; then
		counts="$((rc == 0)) $((rc != 0)) 0"
	fi
	set -- $counts
	p=$1 f=$2 s=${3:-0}
	if [ "$rc" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	[ "$f" -eq 0 ] || failures="$failures '$name'"
	echo "== $name: $(($(date +%s) - from)) s"
}

if ! sh scripts/setup.sh test; then
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi

stage "build" make -j2 all tools
# Some end-to-end tests want it, too; whether it can be had is told below.
sh test/interop/build.sh >/dev/null 2>&1 || :
stage "static checks" make check
stage "unit tests, musl" make -j2 unit
stage "unit tests, ASan and UBSan" make -j2 SAN=1 unit
stage "end to end" make -j2 e2e
stage "attacks, ASan and UBSan" make -j2 attacks
stage "chaos, ASan and UBSan" make -j2 chaos SECS=5
stage "writes that fail, ASan and UBSan" make -j2 faults SOME=60
if [ -f scripts/toml-test.sh ]; then
	stage "toml-test" sh scripts/toml-test.sh
fi
stage "fuzzing" make fuzz SECS="${FUZZ_SECS:-10}"
stage "interoperation" make -j2 interop
stage "instructions for each MiB relayed" make -j2 cost

echo
[ ! -f build/culvert ] ||
    echo "build/culvert: $(stat -c %s build/culvert) bytes"
echo "the whole: $(($(date +%s) - began)) s"
[ -z "$failures" ] || echo "failed:$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
