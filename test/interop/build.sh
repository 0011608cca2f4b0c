#!/bin/sh
# Build the real frps and frpc, 0.61.0 and 0.70.1, into build/go/frp061 and
# build/go/frp070.  Status 3: there is no Go here that can.
set -eu
cd "$(dirname "$0")"

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

out=../../../build/go
for want in frp061:0.61.0 frp070:0.70.1; do
	name=${want%:*}
	version=${want#*:}
	for program in frps frpc; do
		# noweb, since 0.70.1 comes without its web pages.
		(cd "$name" && go build -mod=readonly -trimpath -buildvcs=false \
		    -tags noweb -ldflags "-s -w" -o "$out/$name/$program" \
		    "github.com/fatedier/frp/cmd/$program")
		said=$("../../build/go/$name/$program" -v)
		[ "$said" = "$version" ] || {
			echo "$name/$program says it is '$said'"
			exit 1
		}
	done
done
