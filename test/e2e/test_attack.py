"""Peers that say something and are gone before they can be answered: what they
do harms nobody but themselves.

A reset takes nothing back of what came before it: whoever was stopped
meanwhile reads the request first, and finds the reset when it writes the
answer, in the middle of serving the request.  That is what these tests are
made of; without the stop, the reset is mostly read first, and all is well."""
import time

from attacked import BARE, ROUNDS, World, connect, is_over, undisturbed
from frp import (CLOSE_PROXY, LOGIN, NEW_PROXY, NEW_WORK, PING, REQ_WORK,
                 auth_key, login_body, packed, port_in)
from lib import EchoServer, check, dial, echo
from meanwhile import reset, stopped
from mux import DATA, RST, data, frame, ping, syn
from pairs import every_way
from test_private import Private, steady
from test_strangers import client_hello
from udp import secret_proxy, visitor


def test_a_visitor_that_knows_the_secret_and_is_gone_harms_nobody(t):
    service = EchoServer()

    def work(mux, tls, name):
        row = secret_proxy("s", "stcp", service.port)
        to = visitor(row)
        p = Private(t, [row], [to], mux, tls, name)
        port = p.server.conf["bindPort"]
        now = int(time.time())
        with steady(to["bindPort"]) as still:
            for i in range(2 * ROUNDS):
                s = connect(port, tls)
                text = packed(b"v", {
                    "proxy_name": "s", "timestamp": now,
                    "sign_key": auth_key(row["secretKey"], now),
                    "use_encryption": i % 2 == 1,
                    "use_compression": i % 2 == 1}) + b"early" * (i // 2 % 2)
                with stopped(p.server.pid):
                    s.sendall(text)
                    reset(s)
                still()
        check(echo(to["bindPort"], b"well") == b"well")
        check(not p.owner.says("is lost"), p.owner.text)
    every_way(work, BARE)


def test_a_work_stream_that_is_gone_at_once_ends_its_user_too(t):
    """He is not left with a connection that nobody serves."""
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            c, link = w.control()
            for more in ({}, {"use_encryption": True},
                         {"use_compression": True}):
                remote = port_in(c.proxy(f"mine {more}", **more))
                for early in (b"", b"early") * 2:
                    user = dial(remote, timeout=6)
                    user.sendall(early)
                    c.wait(REQ_WORK)
                    gone_work(w, c, link)
                    check(is_over(user))
                    still()
    every_way(work)


def first_words(w, run_id):
    """What may be the first message of a stream, good or bad."""
    now = int(time.time())
    yield packed(LOGIN, login_body())
    yield packed(LOGIN, login_body(run_id=run_id, pool_count=5))
    yield packed(LOGIN, login_body()) + b"what nobody may say yet"
    yield packed(NEW_WORK, {"run_id": run_id})
    yield packed(NEW_WORK, {"run_id": run_id}) + b"early"
    yield packed(NEW_WORK, {"run_id": "nobody's"})
    for name in (w.held, "nobody's"):
        yield packed(b"v", {"proxy_name": name, "timestamp": now,
                            "sign_key": auth_key("guess", now)})
    yield packed(PING, {})
    yield b"\xff" * 100


def test_first_words_of_any_kind_whose_speaker_is_gone_harm_nobody(t):
    """On a link the answer to a ping meets the reset; two streams, and
    their ends, are told of it in the middle."""
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            c, _ = w.control()
            for text in first_words(w, c.run_id):
                s = connect(w.port, tls)
                with stopped(w.pid):
                    s.sendall(ping() + syn(1) + syn(3) + data(3, text) +
                              ping() + data(1, text) if mux else text)
                    reset(s)
                still()
    every_way(work)


def test_what_a_bare_connection_begins_with_may_be_all_it_says(t):
    hello = (b"GET /~!frp HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
             b"Connection: Upgrade\r\nOrigin: http://x\r\nSec-WebSocket-"
             b"Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
             b"\r\n\r\n")
    out = client_hello()

    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            for text in (hello, hello + b"\x82\x81\0\0\0\0\x16", out,
                         b"\x17" + out, hello + b"\x82\x80\0\0\0\0",
                         hello + b"\xff" * 50, out[:50], out + b"\xff" * 50,
                         b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-x\r\n",
                         b"", b"\x17"):
                with stopped(w.pid):
                    s = dial(w.port)
                    s.sendall(text)
                    reset(s)
                still()
    every_way(work, [(True, True), (False, False)])


def test_control_messages_whose_speaker_is_gone_harm_nobody(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            for i in range(ROUNDS):
                c, link = w.control(pool_count=2)
                port_in(c.proxy("mine"))
                text = b"".join((
                    c.seal(PING), c.seal(NEW_PROXY, proxy_name="new",
                                         proxy_type="tcp", remote_port=0),
                    c.seal(NEW_PROXY, proxy_name="", proxy_type="tcp"),
                    c.seal(NEW_PROXY, proxy_name=w.held, proxy_type="tcp"),
                    c.seal(CLOSE_PROXY, proxy_name="mine"),
                    c.seal(b"i", transaction_id="x", proxy_name="x"),
                    c.seal(PING, timestamp=1), b"\xff" * 50 * (i % 2)))
                with stopped(w.pid):
                    (link or c).s.sendall(
                        ping() + data(c.s.id, text) if link else text)
                    reset((link or c).s)
                still()
    every_way(work)


def gone_work(w, c, link):
    """A work stream, and behind its first words its reset."""
    text = packed(NEW_WORK, {"run_id": c.run_id})
    s = None if link else connect(w.port, w.tls)
    with stopped(w.pid):
        if link:
            id = link.number()
            link.s.sendall(syn(id) + data(id, text) +
                           frame(DATA, RST, id, 0))
        else:
            s.sendall(text)
            reset(s)


def test_users_that_are_gone_at_once_harm_nobody(t):
    """With the server stopped meanwhile, and with the client."""
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            for pid in (w.pid, w.client.pid) * 3:
                with stopped(pid):
                    for text in (b"", b"x", b"x" * 100000):
                        s = dial(w.good)
                        s.sendall(text)
                        reset(s)
                still()
    every_way(work)
