"""A network that goes silent is noticed.  These wait for real, all at once."""
import threading
import time

from lib import EchoServer, check, dial, echo, read_exactly, timeout, waits
from pairs import Pair, Silent, every_way


def seconds_until(proc, regex, mark, limit):
    began = time.monotonic()
    proc.wait_line(regex, timeout=limit, since=mark)
    return time.monotonic() - began


@waits
@timeout(60)
def test_a_silent_network_is_noticed_within_thirty_seconds(t):
    """With a mux by both ends.  Without one frps has only its heartbeat
    timeout, which frp's clients, that ping twice a minute, keep at 90 s; so
    there the client alone is that fast, and the server as fast as asked."""
    told = []

    def work(mux, tls, name):
        server = {} if mux else {"transport.heartbeatTimeout": 25}
        pair = Pair(t, EchoServer(), mux, tls, server=server, through=Silent,
                    name=name)
        check(echo(pair.port, b"x") == b"x")
        marks = pair.client.mark(), pair.server.mark()
        pair.relay.blackhole()
        took, wrong = {}, []

        def look(end, proc, regex, mark):
            try:
                took[end] = seconds_until(proc, regex, mark, 31)
            except AssertionError as e:
                wrong.append(str(e))
        ends = [("client", pair.client, r"connection to the server is lost: "
                 "(?!connection reset)", marks[0]),
                ("server", pair.server, r"connection to client \[.*\] is "
                 "lost: (?!connection reset)" if mux else
                 "heartbeat timeout", marks[1])]
        threads = [threading.Thread(target=look, args=e) for e in ends]
        for th in threads:
            th.start()
        for th in threads:
            th.join()
        check(not wrong, wrong)
        told.append(f"{name[1:]}: " + ", ".join(
            f"{end} {s:.1f} s" for end, s in sorted(took.items())))
        check(max(took.values()) <= 30, took)
        pair.server.wait_line("client exit success", since=marks[1])
        pair.relay.heal()
        pair.client.wait_line("start proxy success", since=marks[0])
        check(echo(pair.port, b"x") == b"x")
    every_way(work)
    print("\n".join(sorted(told)))


@waits
@timeout(60)
def test_a_quiet_network_is_not_taken_for_a_dead_one(t):
    """Idle connections live on for longer than any end waits for an answer,
    in each way at once."""
    def work(mux, tls, name):
        pair = Pair(t, EchoServer(), mux, tls, name=name)
        with dial(pair.port) as s:
            for wait in (0, 32):
                try:
                    pair.client.wait_line("is lost", timeout=wait or 0.01)
                    check(False, "the link was lost")
                except AssertionError as e:
                    check("waited" in str(e), str(e))
                s.sendall(b"still")
                check(read_exactly(s, 5) == b"still")
    every_way(work)
