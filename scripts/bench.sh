#!/bin/sh
# Our tunnels beside others', in one run: scripts/bench.sh --help.
# Packages and programs that are missing are fetched; a peer that cannot be
# had is named and left out.
set -eu
cd "$(dirname "$0")/.."

case " $* " in
*" --help "* | *" -h "*) exec python3 test/bench/bench.py "$@" ;;
esac
sh scripts/setup.sh bench
make -s build/culvert build/bench/load
sh test/bench/build.sh
exec python3 test/bench/bench.py "$@"
