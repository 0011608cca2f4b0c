"""Peers that say something and are gone before they can be answered, or that
say it twice: what they do harms nobody but themselves.

A reset takes nothing back of what came before it: whoever was stopped
meanwhile reads the request first, and finds the reset when it writes the
answer, in the middle of serving the request.  That is what these tests are
made of; without the stop, the reset is mostly read first, and all is well."""
import contextlib
import re
import time

from frp import (CLOSE_PROXY, LOGIN, LOGIN_RESP, NEW_PROXY, NEW_PROXY_RESP,
                 NEW_WORK, PING, PONG, REQ_WORK, Control, auth_key,
                 login_body, message, over_tls, packed, port_in, started)
from lib import (EchoServer, check, dial, echo, read_exactly, tcp_proxy,
                 waits)
from meanwhile import reset, stopped
from mux import DATA, RST, Mux, data, frame, ping, syn
from pairs import every_way
from test_private import Private, steady
from test_strangers import client_hello
from udp import secret_proxy, visitor

LINKS = [(True, True), (True, False)]
BARE = [(False, True), (False, False)]
ROUNDS = 6


def connect(port, tls):
    s = dial(port)
    return over_tls(s) if tls else s


class World:
    """A server, and a client with a service that is to be served well all
    the time. What it holds, others want."""

    def __init__(self, t, mux, tls, name, **conf):
        self.mux, self.tls = mux, tls
        self.server = t.frps({"transport.tcpMux": mux}, name=f"frps{name}")
        self.port, self.pid = self.server.conf["bindPort"], self.server.pid
        self.row = tcp_proxy(f"good{name}", EchoServer().port)
        self.held = self.row["name"]
        self.good = self.row["remotePort"]
        self.client = t.frpc(self.server, [self.row], {
            "transport.tcpMux": mux, "transport.tls.enable": tls, **conf},
            name=f"frpc{name}")

    def link(self):
        return Mux(connect(self.port, self.tls))

    def control(self, **login):
        """A client by hand; and its link, if it has one."""
        link = self.link() if self.mux else None
        s = link.open() if link else connect(self.port, self.tls)
        return Control(self.port, over=s, **login), link

    def is_well(self):
        """A new user and a new client are served as ever."""
        check(self.server.running(), "the server is gone")
        check(echo(self.good, b"well") == b"well")
        c, _ = self.control()
        said = c.proxy(self.held)
        check("already exists" in said.get("error", ""), said)
        check(not self.client.says("is lost"), self.client.text)
        c.close()


@contextlib.contextmanager
def undisturbed(w):
    """A connection through the good proxy lives all the time, and all is
    well behind it."""
    with steady(w.good) as still:
        yield still
        still()
    w.is_well()


def lives(c, link, remote):
    """A client by hand is served on its link."""
    c.send(PING)
    c.wait(PONG)
    with dial(remote) as user:
        c.wait(REQ_WORK)
        work = (link.open(packed(NEW_WORK, {"run_id": c.run_id})) if link
                else c.work())
        check(started(work)["proxy_name"], "the work stream is for nothing")
        work.sendall(b"hello")
        check(read_exactly(user, 5) == b"hello")


def refused(link, **login):
    """A Login on a stream of that link, and the end of the stream."""
    s = link.open(packed(LOGIN, login_body(**login)))
    kind, said = message(s)
    check(kind == LOGIN_RESP and said.get("error"), f"{kind} {said}")
    check(s.recv(1) == b"", "the stream goes on")


def test_a_second_login_on_a_link_is_refused_and_the_first_one_lives(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            c, link = w.control()
            remote = port_in(c.proxy("mine"))
            for run_id in (c.run_id, c.run_id, "another", ""):
                refused(link, run_id=run_id)
                lives(c, link, remote)
    every_way(work, LINKS)


def test_of_two_logins_at_once_on_a_link_one_is_a_session(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        text = packed(LOGIN, login_body(run_id="feedfeed"))
        with undisturbed(w):
            link = w.link()
            first, second = link.open(), link.open()
            link.s.sendall(data(first.id, text) + data(second.id, text))
            said = [message(s)[1] for s in (first, second)]
            check([bool(x.get("error")) for x in said] == [False, True], said)
    every_way(work, LINKS)


def test_a_login_that_waits_for_another_client_owns_its_link_already(t):
    """It waits for a silent holder of its client id; meanwhile another one
    comes on the link, and is refused at once."""
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            for order in (1, -1):
                _, silent = w.control(client_id="me")
                silent.silent = True
                link = w.link()
                pair = [link.open(), link.open()][::order]
                text = packed(LOGIN, login_body(client_id="me"))
                pair[0].sendall(text)
                pair[1].sendall(packed(LOGIN, login_body(run_id="other")))
                kind, said = message(pair[1])
                check(kind == LOGIN_RESP and said.get("error"), said)
                kind, said = message(pair[0])
                check(kind == LOGIN_RESP and not said.get("error"), said)
                reset(link.s)
                reset(silent.s)
    every_way(work, LINKS)


def test_a_link_that_logged_in_twice_leaves_nothing_behind(t):
    """Its run id and its names are free when it is gone."""
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            for _ in range(3):
                c, link = w.control(run_id="feedfeed")
                with contextlib.suppress(ConnectionError):
                    refused(link, run_id=c.run_id)
                    c.proxy("mine")
                reset(link.s)
            c, link = w.control(run_id="feedfeed")
            check(not c.error, c.said)
            lives(c, link, port_in(c.proxy("mine")))
    every_way(work, LINKS)


def claim_and_go(w, *names):
    """Claims these in one piece, and is gone. On a link a ping goes before
    them: its answer is what meets the reset."""
    c, link = w.control()
    text = b"".join(c.seal(NEW_PROXY, proxy_name=n, proxy_type="tcp",
                           remote_port=0) for n in names)
    with stopped(w.pid):
        (link or c).s.sendall(ping() + data(c.s.id, text) if link else text)
        reset((link or c).s)


def test_a_claim_of_a_held_name_whose_claimer_is_gone_harms_nobody(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            for _ in range(ROUNDS):
                claim_and_go(w, w.held)
                still()
                claim_and_go(w, w.held, w.held, "another")
                still()
    every_way(work)


def test_claims_whose_holder_and_claimer_are_gone_harm_nobody(t):
    """The holder's end is a mere end: the first question to it is still
    sent, and the second one meets the reset that answers it."""
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            for i in range(2 * ROUNDS):
                holder, _ = w.control()
                names = [f"held {i} {j}" for j in range(3)]
                for n in names:
                    port_in(holder.proxy(n))
                c, link = w.control()
                text = b"".join(c.seal(
                    NEW_PROXY, proxy_name=n, proxy_type="tcp",
                    remote_port=0) for n in names)
                with stopped(w.pid):
                    # the one whose event comes last is served first
                    if i % 2:
                        holder.close()
                    c.s.sendall(text)
                    reset(c.s)
                    if i % 2 == 0:
                        holder.close()
                still()
    every_way(work, BARE)


def test_a_login_with_a_held_client_id_that_is_gone_harms_nobody(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name, clientID="me")
        login = packed(LOGIN, login_body(client_id="me"))
        with undisturbed(w) as still:
            for _ in range(ROUNDS):
                s = connect(w.port, tls)
                with stopped(w.pid):
                    s.sendall(syn(1) + ping() + data(1, login) if mux else
                              login)
                    reset(s)
                still()
    every_way(work)


def greeted(w):
    """A link with a silent stream, and a session that came after that."""
    link = w.link()
    silent = link.open()
    c = Control(w.port, over=link.open())
    return link, silent, c, port_in(c.proxy("mine"))


def is_over(stream):
    try:
        return stream.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_garbage_on_an_older_stream_of_a_link_ends_that_stream_only(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            link, silent, c, remote = greeted(w)
            silent.sendall(b"\xff" * 20)
            check(is_over(silent))
            lives(c, link, remote)
    every_way(work, LINKS)


def test_a_link_may_go_with_a_stream_that_was_always_silent(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w) as still:
            for how in (reset, lambda s: s.close()):
                link, *_ = greeted(w)
                since = w.server.mark()
                how(link.s)
                w.server.wait_line("client exit success", since=since)
                still()
    every_way(work, LINKS)


@waits
def test_a_stream_of_a_link_that_stays_silent_ends_alone(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            link, silent, c, remote = greeted(w)
            check(is_over(silent))
            lives(c, link, remote)
    every_way(work, LINKS)


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


def stack_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmStk:\s*(\d+)", f.read())[1])


def chain(w, n):
    """Clients of which each but the first claims what the one before it
    holds, and none answers when the server asks whether it lives."""
    clients = []
    for i in range(n):
        c, link = w.control()
        c.link = link
        check(not c.proxy(f"link {i}", type="stcp", sk="x").get("error"))
        c.claim = c.seal(NEW_PROXY, proxy_name=f"link {i - 1}",
                         proxy_type="stcp", sk="x")
        clients.append(c)
        if link:
            link.silent = True
    for before, c in zip(clients, clients[1:]):
        # once it is asked whether it lives, it says nothing more
        pings = before.link.pings if before.link else 0
        c.s.sendall(c.claim)
        while before.link and before.link.pings == pings:
            before.link.pump()
        if not before.link:
            before.wait(REQ_WORK)
    return clients


def test_claimers_of_each_others_names_may_all_be_gone_at_once(t):
    """The end of each answers the claim of the next one, which is found to
    be gone by that: one after the other, not one within the other."""
    w = World(t, False, False, "")
    with undisturbed(w):
        clients = chain(w, 300)
        stack = stack_kib(w.pid)
        with stopped(w.pid):
            for c in clients:
                reset(c.s)
        w.server.wait_line("client exit success", times=len(clients))
        grown = stack_kib(w.pid) - stack
        check(grown <= 32, f"the stack has grown by {grown} KiB")
        c, _ = w.control()
        for i in (0, 1, 150, 299):
            said = c.proxy(f"link {i}", type="stcp", sk="x")
            check(not said.get("error"), said)


def answered(c):
    """Its claim is granted, unless it was thrown out itself by then."""
    while True:
        kind, said = c.receive()
        if kind in (NEW_PROXY_RESP, None):
            return not kind or not said.get("error")


def test_claimers_of_each_others_names_may_all_be_silent(t):
    def work(mux, tls, name):
        w = World(t, mux, tls, name)
        with undisturbed(w):
            clients = chain(w, 100)
            c, link = w.control()
            said = c.proxy(f"link {len(clients) - 1}", type="stcp", sk="x")
            check(not said.get("error"), said)
            check(all(answered(x) for x in clients[1:]))
            lives(c, link, port_in(c.proxy("mine")))
    every_way(work, [(True, False), (False, False)])
