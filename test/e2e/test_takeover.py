"""A client that was left behind by a broken network gives way to the one that
comes after it; one that lives does not."""
import threading
import time

from frp import PING, PONG, Control, port_in
from lib import (STARTED, EchoServer, check, dial, echo, read_exactly,
                 tcp_proxy)
from pairs import Pair, Silent, every_way

LOST = "login to server success"


def answers_as(port, who):
    with dial(port) as s:
        s.sendall(b"?")
        return read_exactly(s, len(who)) == who


class Named(EchoServer):
    """Says its name to whoever comes, so that one knows whose service it
    is."""

    def __init__(self, name):
        self.name = name
        super().__init__()

    def serve(self, s):
        s.recv(1)
        s.sendall(self.name)


def start_second(t, pair, mux, tls, name):
    """A client with the same proxy, straight to the server; how long it took
    from its login to the proxy."""
    row = dict(pair.row, localPort=Named(b"second").port)
    client = t.frpc(pair.server, [row], pair.conf, name=f"second{name}",
                    wait=0)
    client.wait_line(LOST)
    began = time.monotonic()
    client.wait_line(STARTED)
    return client, time.monotonic() - began


def stuck(t, mux, tls, name):
    pair = Pair(t, Named(b"first"), mux, tls, through=Silent, name=name)
    check(answers_as(pair.port, b"first"))
    pair.relay.blackhole()
    return pair


def test_a_killed_client_behind_a_dead_network_gives_way_in_two_seconds(t):
    def work(mux, tls, name):
        pair = stuck(t, mux, tls, name)
        pair.client.kill()
        _, took = start_second(t, pair, mux, tls, name)
        check(took < 2, f"after {took:.1f} s")
        pair.server.wait_line(r"\[W\].*gives way to client \[[0-9a-f]+\] at "
                              r"\[127\.0\.0\.1:\d+\]: it is silent")
        check(answers_as(pair.port, b"second"))
        # What the network still held comes now, and must touch nothing.
        pair.relay.heal()
        for _ in range(20):
            check(answers_as(pair.port, b"second"))
            time.sleep(0.02)
    every_way(work)


def test_a_client_that_was_cut_off_and_lives_finds_its_place_taken(t):
    def work(mux, tls, name):
        pair = stuck(t, mux, tls, name)
        mark = pair.client.mark()
        second, took = start_second(t, pair, mux, tls, name)
        check(took < 2, f"after {took:.1f} s")
        pair.relay.heal()
        pair.client.wait_line(LOST, since=mark)
        pair.client.wait_line(r"start error: proxy \[.*\] already exists$",
                              since=mark)
        check(answers_as(pair.port, b"second"))
        check(not second.says("is lost"), second.text)
    every_way(work)


def test_a_live_client_keeps_its_name_and_both_are_told(t):
    def work(mux, tls, name):
        pair = Pair(t, Named(b"first"), mux, tls, name=name)
        row = dict(pair.row, localPort=Named(b"second").port)
        second = t.frpc(pair.server, [row], pair.conf, name=f"second{name}",
                        wait=0)
        proxy = rf"proxy \[{row['name']}\] already exists"
        second.wait_line(rf"\[W\].*start error: {proxy}$")
        pair.server.wait_line(rf"\[W\].*new proxy \[{row['name']}\] type "
                              rf"\[tcp\] error: {proxy}$")
        pair.server.wait_line(r"\[W\].*keeps what client \[[0-9a-f]+\] at "
                              r"\[127\.0\.0\.1:\d+\] claims: it answers")
        check(answers_as(pair.port, b"first"))
        check(not pair.client.says("is lost"), pair.client.text)
    every_way(work)


def test_a_port_is_taken_over_as_a_name_is(t):
    pair = stuck(t, True, True, "")
    row = dict(pair.row, name="another", localPort=Named(b"second").port)
    client = t.frpc(pair.server, [row], name="second", wait=0)
    client.wait_line(LOST)
    began = time.monotonic()
    client.wait_line(STARTED)
    check(time.monotonic() - began < 2)
    check(answers_as(pair.port, b"second"))


BARE = {"transport.tcpMux": False}


def test_the_same_run_id_replaces_its_older_session_at_once(t):
    server = t.frps(BARE)
    port = server.conf["bindPort"]
    old = Control(port)
    remote = port_in(old.proxy("p"))
    new = Control(port, run_id=old.run_id)
    check(new.run_id == old.run_id, new.said)
    check(port_in(new.proxy("p", remote)) == remote)
    check(old.receive() == (None, None), "the old session lives")
    server.wait_line(rf"\[{old.run_id[:6]}\] Replaced by client "
                     rf"\[{old.run_id[:6]}\]$")
    new.send(PING)
    new.wait(PONG)


def test_a_late_end_of_a_replaced_session_touches_nothing(t):
    server = t.frps(BARE)
    relay = Silent(server.conf["bindPort"])
    old = Control(relay.port)
    remote = port_in(old.proxy("p"))
    relay.blackhole()
    old.close()
    new = Control(server.conf["bindPort"], run_id=old.run_id)
    check(port_in(new.proxy("p", remote)) == remote)
    relay.heal()
    for _ in range(10):
        new.send(PING)
        new.wait(PONG)
        time.sleep(0.02)
    with dial(remote):
        check(new.wait(b"r")[1] == 0)


def test_two_live_copies_do_not_throw_each_other_out_for_ever(t):
    server = t.frps(BARE)
    port = server.conf["bindPort"]
    refusals, logins = [], [0]
    done = threading.Event()

    def copy():
        """Comes back each time it is thrown out, as frpc does."""
        while not done.is_set():
            c = Control(port, run_id="feedfeedfeedfeed")
            if c.error:
                refusals.append(c.error)
                done.set()
                return
            logins[0] += 1
            c.answer_for_ever()
            while not c.ended.wait(0.05) and not done.is_set():
                pass
            if not c.ended.is_set():
                held.append(c)
    held = []
    copies = [threading.Thread(target=copy, daemon=True) for _ in range(2)]
    for th in copies:
        th.start()
    for th in copies:
        th.join(20)
    check(refusals, f"{logins[0]} logins, and none refused")
    check("is in use by another live client at [" in refusals[0], refusals)
    check(logins[0] <= 8, f"{logins[0]} logins")
    check(len(held) == 1 and not held[0].ended.is_set(),
          "the one that stayed does not live")
    server.wait_line(r"\[W\].*two clients run with one identity")
    held[0].send(PING)


def test_a_client_id_is_used_by_one_live_client(t):
    server = t.frps()
    row = tcp_proxy("p", Named(b"first").port)
    first = t.frpc(server, [row], {"clientID": "me"}, name="first")
    second = t.frpc(server, [], {"clientID": "me"}, name="second")
    check(second.wait() == 1)
    second.wait_line(r"connect to server error: client_id \[me\] for user "
                     r"\[\] is already online$")
    check(answers_as(row["remotePort"], b"first"))
    check(not first.says("is lost"))


def test_echoes_go_on_through_a_take_over_of_somebody_else(t):
    """What one client suffers, another one on the same server does not
    notice."""
    pair = stuck(t, True, True, "")
    row = tcp_proxy("bystander", EchoServer().port)
    t.frpc(pair.server, [row], name="bystander")
    with dial(row["remotePort"]) as s:
        pair.client.kill()
        start_second(t, pair, True, True, "")
        pair.relay.heal()
        for i in range(50):
            s.sendall(b"%3d" % i)
            check(read_exactly(s, 3) == b"%3d" % i)
    check(echo(row["remotePort"], b"x") == b"x")
