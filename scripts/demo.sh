#!/bin/sh
# A tunnel from end to end on this machine, told step by step.  Everything
# stays on 127.0.0.1, and nothing is left behind but build/.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup.sh build
make -s -j2 all tools
bin=${BIN:-build/culvert}

dir=$(mktemp -d)
export STATE_DIRECTORY="$dir/state"
running=""

end() {
	status=$?
	trap - EXIT INT TERM
	if [ "$status" -ne 0 ]; then
		for log in "$dir"/*.log; do
			[ ! -s "$log" ] || sed "s|^|  ${log##*/}: |" "$log" >&2
		done
	fi
	for pid in $running; do
		kill "$pid" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	rm -rf "$dir"
	exit "$status"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
	printf '\n%s\n' "$*"
}

# launch LOG COMMAND...: in the background, its process in $pid.
launch() {
	log=$dir/$1
	shift
	: >"$log"
	"$@" >"$log" 2>&1 &
	pid=$!
	running="$running $pid"
}

# wait_for REGEX: what matches it in the log of what was launched last.
# Fails when that ends first, or says nothing for too long.
wait_for() {
	timeout 20 tail -n +1 -f --pid="$pid" "$log" 2>/dev/null |
	    grep -m 1 -oE "$1"
}

# Below what the kernel gives to outgoing connections.
some_port() {
	echo $((10000 + $(od -An -N2 -tu2 /dev/urandom) % 22000))
}

start_server() {
	for try in 1 2 3 4 5 6 7 8; do
		server_port=$(some_port)
		launch frps.log "$bin" frps --bind_addr 127.0.0.1 \
		    --bind_port "$server_port" --proxy_bind_addr 127.0.0.1 \
		    --token "$token" --disable_log_color
		if wait_for 'frps started successfully' >/dev/null; then
			return 0
		fi
		grep -q 'address already in use' "$log" || return 1
	done
	return 1
}

token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')

say "1. A worker has a web service that nobody outside of it can reach."
launch webpage.log build/tools/webpage \
    "Hello from behind the tunnel: this page was fetched through culvert.
"
local_port=$(wait_for '^[0-9]+$')
echo "   It listens on 127.0.0.1:$local_port."

say "2. A jump host runs the server, frps."
start_server
echo "   It listens for workers on 127.0.0.1:$server_port."

say "3. The worker runs the client, frpc: it calls the jump host, proves that"
echo "   it knows the token, and asks for a public port for its web service."
launch frpc.log "$bin" frpc tcp --server_addr 127.0.0.1 \
    --server_port "$server_port" --token "$token" --proxy_name web \
    --local_port "$local_port" --remote_port 0 --disable_log_color
public_port=$(wait_for 'users reach it at \[:[0-9]+' | tr -dc 0-9)
[ -n "$public_port" ]
echo "   The jump host gave it port $public_port."

say "4. A user, who knows only the jump host, fetches 127.0.0.1:$public_port:"
echo
build/tools/fetch 127.0.0.1 "$public_port" | tee "$dir/page" | sed 's/^/   | /'
grep -q 'Hello from behind the tunnel' "$dir/page"

say "5. All of them are stopped. Nothing is left but build/."
