#!/bin/sh
# Build the real frps and frpc, 0.61.0 and 0.70.1, into build/go/frp061 and
# build/go/frp070, unless they are there.  Status 3: there is no Go here that
# can.
set -eu
cd "$(dirname "$0")"
out=../../build/go

# each COMMAND: for every program, its folder, version and name.
each() {
	for program in frps frpc; do
		"$1" frp061 0.61.0 "$program" || return
		"$1" frp070 0.70.1 "$program" || return
	done
}

is_there() {
	[ "$("$out/$1/$3" -v 2>/dev/null)" = "$2" ]
}

build() {
	# noweb, since 0.70.1 comes without its web pages.
	(cd "$1" && go build -mod=readonly -trimpath -buildvcs=false \
	    -tags noweb -ldflags "-s -w" -o "../$out/$1/$3" \
	    "github.com/fatedier/frp/cmd/$3")
	is_there "$@" || {
		echo "$1/$3 does not say it is $2"
		exit 1
	}
}

! each is_there || exit 0
command -v go >/dev/null 2>&1 || PATH=$PATH:/usr/local/go/bin
command -v go >/dev/null 2>&1 || {
	echo "there is no go here"
	exit 3
}
minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
if [ "${minor:-99}" -lt 25 ]; then
	echo "this go is $(go env GOVERSION), and frp 0.70.1 wants 1.25"
	exit 3
fi
each build
