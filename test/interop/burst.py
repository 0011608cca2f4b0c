"""A burst of users through one of our ends and a real one."""
import functools
import json
import sys

import cells
import crowd
import runner
from lib import check
from proc import Proc

# Without a mux each of them costs the real ends milliseconds.
ROWS = [(("a burst of users", cells.as_is, {}), 2000),
        (("a burst of users, tcpMux off", cells.with_mux_off, {}), 1000)]


def role(dir, *words):
    return Proc([sys.executable, crowd.__file__, *map(str, words)], cwd=dir,
                stdin=-1, name=words[0])


def run(server, client, row, n, dir):
    crowd.more_descriptors()
    cell = cells.Cell(dir, server, client, row)
    service = role(dir, "echo")
    port = int(service.wait_line(r"^\d+$").group())
    next(r for r in cell.rows if r["name"] == "echo")["localPort"] = port
    cell.start()
    users = role(dir, "users", cell.at("echo"), n, "stay")
    got = json.loads(users.wait_line('.*"served".*', 60).group())
    check(got["lost"] == 0 and got["served"] == n, got)
    took = crowd.one(cell.at("echo"))
    check(took is not None and took < 5000, f"the next one waits {took} ms")
    print(f"{n} served in {got['seconds']} s, the next in {took:.0f} ms")


def jobs(pairs, seconds):
    """The rows above for all these, as run.py has them."""
    for row, n in ROWS:
        for name, server, client, _ in pairs:
            yield runner.Job(f"{name}: {row[0]}", functools.partial(
                run, server, client, row, n), seconds)
