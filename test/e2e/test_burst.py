"""Thousands of users in one moment, those who stay and those who leave: all
who stay are served, and nobody after them or beside them is made to wait."""
import json
import os
import sys

from frp import REQ_WORK, Control, port_in, started
from frps_by_hand import FrpsByHand, start
from lib import Skip, check, tcp_proxy, timeout, until
from pairs import every_way
from wire import dial

import crowd

MANY = 5000
ASKED = 600
LEAVERS = [("reset", 20000), ("reset", 5000), ("leave", 2000)]
SOON = 1000  # ms, where it was tens of seconds


def crowd_of(t, *words, name):
    return t.proc([sys.executable, crowd.__file__, *map(str, words)],
                  stdin=-1, name=name)


def said(p, key):
    """The line in which p tells that."""
    return json.loads(p.wait_line(f'.*"{key}".*', 50).group())


def service(t, name):
    p = crowd_of(t, "echo", name=name)
    return int(p.wait_line(r"^\d+$").group())


class Street:
    """One client with two services; .crowded and .quiet are their ports."""

    def __init__(self, t, mux, tls, name, server=None, needs=2 * MANY):
        if crowd.more_descriptors() < needs:
            raise Skip(f"a process may not have {needs} descriptors here")
        self.t, self.name = t, name
        self.server = t.frps({"transport.tcpMux": mux, **(server or {})},
                             name=f"frps{name}")
        rows = [tcp_proxy(f"{way}{name}", service(t, f"{way}{name}"))
                for way in ("crowded", "quiet")]
        self.crowded, self.quiet = (row["remotePort"] for row in rows)
        self.client = t.frpc(self.server, rows, {
            "transport.tcpMux": mux, "transport.tls.enable": tls},
            name=f"frpc{name}")

    def watch(self):
        """Somebody who comes to the quiet service all the time."""
        p = crowd_of(self.t, "probe", self.quiet, name=f"probe{self.name}")
        said(p, "first")
        return p

    def users(self, n, how):
        return crowd_of(self.t, "users", self.crowded, n, how,
                        name=f"{how}{self.name}")

    def next(self, port):
        """How many ms the next user of the port waits."""
        took = crowd.one(port)
        check(took is not None, f"{self.name}: the next user is not served")
        return took

    def calm(self, watcher, what):
        """Nobody beside or after the crowd had to wait."""
        took = self.next(self.crowded)
        watcher.stdin.close()
        other = said(watcher, "worst")
        print(f"{self.name[1:]}: {what}; next user {took:.0f} ms, beside it "
              f"{other['n']}, the slowest {other['worst']:.0f} ms")
        check(other["lost"] == 0, other)
        check(max(took, other["worst"]) < 5 * SOON, (took, other))


def test_a_burst_of_users_is_served_and_nobody_waits_for_it(t):
    def work(mux, tls, name):
        street = Street(t, mux, tls, name)
        watcher = street.watch()
        got = said(street.users(MANY, "stay"), "served")
        check(got["lost"] == 0 and got["served"] == MANY, got)
        street.calm(watcher, f"{MANY} served in {got['seconds']} s")
    for way in ((True, True), (True, False), (False, False)):
        work(*way, f"-{way[0]:d}{way[1]:d}")


def test_a_burst_without_a_mux_over_tls_is_served(t):
    street = Street(t, False, True, "-01")
    watcher = street.watch()
    got = said(street.users(3000, "stay"), "served")
    check(got["lost"] == 0 and got["served"] == 3000, got)
    street.calm(watcher, f"3000 served in {got['seconds']} s")


def test_users_that_leave_at_once_keep_nobody_waiting(t):
    def work(mux, tls, name):
        street = Street(t, mux, tls, name)
        watcher = street.watch()
        for how, n in LEAVERS:
            said(street.users(n, how), "left")
            street.next(street.crowded)
        street.calm(watcher, f"{sum(n for _, n in LEAVERS)} left")
        # And of all those nothing stays.
        until(lambda: street.server.fd_count() < 100, 15, "few descriptors")
    every_way(work, [(True, True), (False, False)])


class Deaf:
    """A client that hears what is asked for, and does nothing by itself."""

    def __init__(self, t, **server):
        self.server = t.frps({"transport.tcpMux": False, **server})
        self.c = Control(self.server.conf["bindPort"], pool_count=0)
        self.ports = [port_in(self.c.proxy(x)) for x in ("a", "b")]

    def asked(self, n, timeout=5):
        for _ in range(n):
            self.c.wait(REQ_WORK, timeout)

    def serves(self):
        """A work stream; the name that it is for, and the user's byte."""
        work = self.c.work()
        name = started(work)["proxy_name"]
        got = work.recv(1)
        work.close()
        return name + got.decode()


def user(port, text=b""):
    s = dial(port)
    s.sendall(text)
    return s


def test_proxies_with_users_take_turns(t):
    deaf = Deaf(t)
    held = []
    for port, text in ((0, b"1"), (0, b"2"), (0, b"3"), (1, b"4"), (1, b"5")):
        held.append(user(deaf.ports[port], text))
        deaf.asked(1)
    got = [deaf.serves() for _ in held]
    check(got == ["a1", "b4", "a2", "b5", "a3"], got)


def test_users_that_have_left_are_passed_over(t):
    deaf = Deaf(t)
    held = []
    for text in (b"1", b"2", b"3"):
        held.append(user(deaf.ports[0], text))
        deaf.asked(1)
    fds = deaf.server.fd_count()
    held[0].setsockopt(crowd.socket.SOL_SOCKET, crowd.socket.SO_LINGER,
                       crowd.RUDE)
    held[0].close()
    until(lambda: deaf.server.fd_count() < fds, what="the first has gone")
    got = [deaf.serves() for _ in held[1:]]
    check(got == ["a2", "a3"], got)


def test_a_user_that_has_ended_its_side_is_served_after_the_others(t):
    deaf = Deaf(t)
    first, second = user(deaf.ports[0], b"1"), None
    deaf.asked(1)
    first.shutdown(crowd.socket.SHUT_WR)
    # Whoever comes to the other proxy has a turn only before it.
    second = user(deaf.ports[1], b"2")
    deaf.asked(1)
    got = [deaf.serves() for _ in range(2)]
    check(got == ["b2", "a1"], got)
    second.close()


def test_what_was_asked_for_and_does_not_come_is_asked_for_again(t):
    deaf = Deaf(t)
    with user(deaf.ports[0], b"1"):
        deaf.asked(2, 8)
        check(deaf.serves() == "a1")


def test_a_client_that_is_asked_for_very_many_gives_them_all(t):
    """As a server of frp asks: once for each user, in one moment."""
    def work(mux, tls, name):
        hand = FrpsByHand(mux)
        t.frpc(hand.port, [], {"transport.tcpMux": mux,
                               "transport.tls.enable": False},
               name=f"frpc{name}")
        session = hand.session()
        asks = [session.seal(REQ_WORK) for _ in range(ASKED)]
        session.s.sendall(b"".join(asks))
        for _ in range(ASKED):
            session.take_work().sendall(start("nobody"))
    every_way(work, [(True, False), (False, False)])


def test_without_descriptors_users_are_refused_at_once_and_told_once(t):
    few = 200
    street = Street(t, True, True, "", needs=1000)
    limit = (few, few)
    crowd.resource.prlimit(street.server.pid, crowd.resource.RLIMIT_NOFILE,
                           limit)
    users = street.users(1000, "stay")
    got = said(users, "served")
    check(got["served"] > few // 2 and got["lost"] > 1000 - few, got)
    check(got["seconds"] < 8, got)
    users.stdin.close()
    until(lambda: street.server.fd_count() < few // 2, what="users have gone")
    check(street.next(street.crowded) < SOON)
    lines = [x for x in street.server.lines if "out of file desc" in x]
    check(len(lines) == 1, lines)
