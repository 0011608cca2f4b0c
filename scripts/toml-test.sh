#!/bin/sh
# Runs the public TOML test suite, pinned in test/toml/go.mod, over our reader.
#   scripts/toml-test.sh [DECODER]
# The last line is "N passed, N failed, N skipped".  Without Go nothing can be
# run: that is said, and under CI it is a failure.
set -eu

cd "$(dirname "$0")/.."
decoder=${1:-build/tools/toml_decode}
suite=build/go/toml-test

if [ ! -x "$suite" ] || [ test/toml/go.sum -nt "$suite" ]; then
	if ! command -v go >/dev/null 2>&1; then
		echo "NOT TESTED: the TOML suite needs Go, which is not here" >&2
		echo "0 passed, 0 failed, 1 skipped"
		[ -z "${CI:-}" ] || exit 1
		exit 0
	fi
	mkdir -p build/go
	(cd test/toml && GOFLAGS=-mod=readonly GOBIN="$PWD/../../build/go" \
	    go install github.com/toml-lang/toml-test/v2/cmd/toml-test)
	touch "$suite"
fi
[ $# -gt 0 ] || ${MAKE:-make} -s "$decoder"

log=build/go/toml-test.log
status=0
"$suite" test -color never -toml 1.0 -decoder "$decoder" >"$log" 2>&1 ||
    status=$?
grep '^FAIL' "$log" || true
awk -v status="$status" '
/^(in)?valid tests:|^ *(in)?valid tests:/ {
	for (i = 2; i <= NF; i++) {
		if ($i ~ /^passed/)
			passed += $(i - 1)
		if ($i ~ /^failed/)
			failed += $(i - 1)
		if ($i ~ /^skipped/)
			skipped += $(i - 1)
	}
}
END {
	if (passed < 600) {
		print "the suite did not run whole" > "/dev/stderr"
		failed++
	}
	if (status != 0 && !failed)
		failed++
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0
}' "$log"
