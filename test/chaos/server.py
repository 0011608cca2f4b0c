"""A hostile server: attacks clients that log in to it."""
import contextlib
import signal
import socket

import speech
from attack import Attack
from aes import Seal
from lib import Relay, free_port, tcp_proxy, until
from speech import TOKEN
from test_private import serves
from udp import UdpUser, again_and_again, secret_proxy, udp_proxy, visitor
from visitor import SECRET
from wires import (AWAY, BRIEF, FIN, RST, WINDOW, Link, Over, Raw, Tls, Ws,
                   connected, data, frame, message, odd_frames, quiet, reset,
                   shut)
from world import FILTERED, SERVED, World

CLIENTS = 3
SOON = 0.1


class Front:
    """Where one of the clients finds its server, and what it has there."""

    def __init__(self, world, i):
        echo, datagrams = world.calm.echo.port, world.calm.datagrams.port
        self.port = free_port()
        self.listen()
        self.i, self.targets = i, [echo, datagrams, 9]
        rows = self.rows(echo, datagrams)
        ways = [visitor(row, **row.get("filters", {})) for row in
                [secret_proxy(f"s{i}", "stcp", echo),
                 secret_proxy(f"sf{i}", "stcp", echo, filters=FILTERED),
                 secret_proxy(f"u{i}", "sudp", datagrams),
                 secret_proxy(f"uf{i}", "sudp", datagrams,
                              filters=FILTERED)]]
        self.names = [row["name"] for row in rows]
        self.run_id = f"run{i}"
        self.public = rows[0]["remotePort"]
        self.streams = [way["bindPort"] for way in ways[:2]]
        self.datagrams = [way["bindPort"] for way in ways[2:]]
        self.session = None
        self.ws = i == CLIENTS - 1
        more = {"transport.protocol": "websocket"} if self.ws else {}
        self.frpc = world.client(f"frpc{i}", rows, ways,
                                 serverPort=self.port, **more)

    def rows(self, echo, datagrams):
        i = self.i
        return [
            tcp_proxy(f"t{i}", echo), tcp_proxy(f"tf{i}", echo, **FILTERED),
            tcp_proxy(f"none{i}", free_port()),
            udp_proxy(f"d{i}", datagrams),
            udp_proxy(f"df{i}", datagrams, **FILTERED),
            secret_proxy(f"s{i}", "stcp", echo),
            secret_proxy(f"u{i}", "sudp", datagrams),
            {"name": f"socks{i}", "type": "tcp", "remotePort": free_port(),
             "plugin": {"type": "socks5"}},
            {"name": f"offer{i}", "type": "stcp", "secretKey": SECRET,
             "plugin": {"type": "offer",
                        "allow": ",".join(map(str, self.targets))}}]

    def listen(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))

    def accept(self, wait, **kw):
        self.listener.settimeout(wait)
        try:
            raw = Raw(self.listener.accept()[0], **kw)
        except OSError:
            raise Over("nobody comes") from None
        raw.ws = self.ws
        return raw

    def hurry(self):
        """The client waits no longer, if that is what it does."""
        if not self.frpc.running():
            raise Over("it has ended")
        self.frpc.signal(signal.SIGHUP)

    def is_served(self):
        self.hurry()
        return serves(self.public)

    def check(self):
        until(self.is_served, SERVED, f"{self.frpc.name} is served")
        until(lambda: serves(self.streams[0]), SERVED, "its visitor, too")
        with UdpUser(self.datagrams[0]) as user:
            again_and_again(user, SERVED)


class ServerWorld(World):
    """Some clients of a server that is hostile, and a good one that takes its
    place in the end."""

    def with_fronts(self):
        self.with_server()
        self.fronts = [Front(self, i) for i in range(CLIENTS)]
        return self

    def begin(self):
        super().begin()
        # Its clients come only later.
        del self.descriptors[self.server]

    def check_served(self):
        super().check_served()
        relays = []
        for f in self.fronts:
            f.listener.close()
            relays.append(Relay(self.port, f.port))
        for f in self.fronts:
            f.check()
        for f, relay in zip(self.fronts, relays):
            relay.close()
            f.listen()


class Session:
    """A client that has logged in, by what it knows."""

    def __init__(self, attack, front, raw):
        self.front, self.raw, self.seal = front, raw, Seal(TOKEN)
        wire = attack.laid(raw)
        self.link = wire if isinstance(wire, Link) else None
        self.control = self.link.come() if self.link else wire
        if message(self.control)[0] != b"o":
            raise Over("one of before")

    def say(self, *messages):
        self.control.send(self.seal(b"".join(messages)))


class Server(Attack):
    @classmethod
    def world(cls, t, mux, tls):
        return ServerWorld(t, mux, tls).with_fronts()

    def close(self):
        for f in self.world.fronts:
            if f.session:
                f.session.raw.s.close()
                f.session = None
        super().close()

    def dressed(self, raw):
        under = Ws(raw, server=True) if raw.ws else raw
        return Tls(under, server=True) if self.tls else under

    def laid(self, raw):
        wire = self.dressed(raw)
        return Link(wire, 2) if self.mux else wire

    # sessions

    def meet(self, front, **kw):
        """The client comes, hurried, and says its Login."""
        for _ in range(20):
            front.hurry()
            with contextlib.suppress(Over):
                raw = front.accept(SOON, **kw)
                try:
                    return Session(self, front, raw)
                except Over:
                    raw.s.close()
                    if raw.left == 0:
                        raise
        raise Over("it does not come")

    def welcome(self, front):
        s = front.session = self.meet(front)
        s.control.send(speech.login_resp(front.run_id, **self.dice.choice(
            [{}, {"culvert_early": 1}])))
        s.say(*(speech.packed(b"2", {
            "proxy_name": name, "remote_addr": ":1",
            **self.dice.choice([{}, {}, {}, {"error": "no"},
                                speech.DATAGRAMS])}) for name in front.names))
        return s

    def a_front(self):
        """One whose client has no session, for what comes before."""
        front = self.dice.choice(self.world.fronts)
        self.part(front)
        return front

    @contextlib.contextmanager
    def session(self):
        front = self.dice.choice(self.world.fronts)
        try:
            yield front.session or self.welcome(front)
        except Over:
            self.part(front)
            raise

    def part(self, front):
        s, front.session = front.session, None
        if s:
            self.end(s.raw)

    def end(self, raw):
        """However it is said, the client gets to know."""
        if self.dice.random() < 0.2:
            shut(raw.s)
        self.dice.choice([reset, quiet])(raw.s)

    @contextlib.contextmanager
    def comes(self, s):
        """The next stream that the client opens, left in some way; and what
        it says first."""
        if s.link:
            stream = s.link.come(BRIEF)
            kind, _ = message(stream)
            yield stream, kind
            for end in self.dice.choice([(), (stream.fin,), (stream.rst,),
                                         (stream.fin, stream.rst)]):
                end()
            return
        raw = s.front.accept(BRIEF)
        try:
            wire = self.dressed(raw)
            yield wire, message(wire)[0]
        finally:
            self.leave(raw)

    # before the login is answered

    def odd_answer(self):
        front = self.a_front()
        s = self.meet(front)
        try:
            s.control.send(self.dice.choice([
                speech.login_resp("", error="go away"),
                speech.login_resp("x" * 3000), speech.login_resp(""),
                speech.packed(b"1", {"run_id": 5}), speech.ping(),
                speech.broken(self.dice), speech.login_resp("") * 2,
                speech.login_resp("") + self.dice.randbytes(300)]))
            s.control.recv()
        finally:
            self.end(s.raw)

    def no_answer(self):
        raw = self.expected(self.a_front())
        with contextlib.suppress(Over):
            if self.dice.random() < 0.7:
                raw.send(self.dice.choice([
                    b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\3\3\0\2\2\x28",
                    b"\x16\3\3\xff\xff", self.dice.randbytes(99),
                    Ws.TAKE % b"x", Ws.TAKE[:40]]))
        self.end(raw)

    def expected(self, front):
        for _ in range(20):
            front.hurry()
            with contextlib.suppress(Over):
                return front.accept(SOON)
        raise Over("it does not come")

    def odd_links(self):
        raw = self.expected(self.a_front())
        with contextlib.suppress(Over):
            self.dressed(raw).send(b"".join(
                odd_frames(self.dice, [1, 2, 0]) for _ in range(4)))
        self.end(raw)

    def good_beginning(self, front, walk=None, **kw):
        budget = walk.budget(self.dice) if walk else None
        s = self.meet(front, budget=budget, **kw)
        try:
            s.control.send(speech.login_resp(front.run_id))
            s.say(*(speech.packed(b"2", {"proxy_name": name,
                                         "remote_addr": ":1"})
                    for name in front.names), speech.packed(b"r", {}))
            with self.comes(s) as (stream, _):
                stream.send(speech.start(f"t{front.i}") + b"hello")
                stream.recv()
        finally:
            self.end(s.raw)
            if walk:
                walk.told(s.raw)

    def cut_beginning(self):
        walk = self.walk_of("beginning")
        self.good_beginning(self.a_front(), walk)

    def flipped(self):
        rate = self.dice.choice([30, 300, 1000])
        self.good_beginning(self.a_front(),
                            spoil=speech.flips(self.dice, rate))

    # within a session

    def say_things(self):
        with self.session() as s:
            s.say(*(self.message(s) for _ in range(self.some(12))))

    def message(self, s):
        if self.dice.random() < 0.15:
            return speech.broken(self.dice)
        return speech.anything(self.dice, s.front.names + ["nobody"],
                               [s.front.run_id, ""], [s.front.public, 0])

    def spoil_control(self):
        with self.session() as s:
            s.control.send(self.dice.randbytes(self.some(3000)))

    def odd_frames(self):
        with self.session() as s:
            if s.link:
                ids = [1, 1, *list(s.link.streams)[-4:], 2, 0]
                s.link.send(b"".join(odd_frames(self.dice, ids)
                                     for _ in range(self.some(4))))

    def part_in_the_middle(self):
        """Work is asked for, and the session ends."""
        with self.session() as s:
            s.say(speech.packed(b"r", {}) * self.some(60))
            if s.link and self.dice.random() < 0.5:
                s.link.send(frame(AWAY, 0, 0, self.dice.randrange(3)))
            self.part(s.front)

    def payload(self):
        return self.dice.choice([
            lambda: b"x", lambda: self.dice.choice(speech.SPOILT),
            lambda: Seal(TOKEN)(self.dice.choice(speech.SPOILT)),
            lambda: Seal(TOKEN)(speech.SNAPPY + speech.SPOILT[1]),
            lambda: speech.datagram(self.dice) * self.some(9),
            lambda: Seal(TOKEN)(speech.datagram(self.dice)),
            lambda: speech.framed(self.dice) * self.some(9),
            lambda: self.dice.randbytes(self.some(30000))])()

    def asked(self, targets):
        if self.dice.random() < 0.3:
            return speech.odd_socks(self.dice, targets)
        return speech.socks(self.dice, "127.0.0.1", self.dice.choice(targets),
                            self.dice.choice([1, 1, 3]), b"early")

    def started(self, s):
        """What a work stream is told, and what comes right behind it."""
        name = self.dice.choice(s.front.names)
        if self.dice.random() < 0.1:
            return self.message(s)
        more = self.dice.choice([{}, {}, {}, {"error": "no"},
                                 speech.DATAGRAMS])
        then = self.dice.choice([b"", self.payload()])
        if name[:5] in ("socks", "offer"):
            then = self.asked(s.front.targets) + then
        return speech.start(name, **more) + then

    def work(self):
        with self.session() as s:
            n = self.some(8)
            s.say(speech.packed(b"r", {}) * n)
            for _ in range(n):
                self.one_work(s)

    def one_work(self, s):
        with self.comes(s) as (stream, _):
            stream.send(self.started(s))
            for _ in range(self.dice.choice([0, 0, 1, 3])):
                stream.recv()
                stream.send(self.payload())

    def work_in_pieces(self):
        with self.session() as s:
            s.say(speech.packed(b"r", {}))
            with self.comes(s) as (stream, _):
                told = self.started(s)[:200]
                cut = self.dice.randrange(len(told)) + 1
                for i in range(cut):
                    stream.send(told[i:i + 1])

    def works_that_go(self):
        """Told all at once what for, and gone."""
        with self.session() as s:
            if not s.link:
                return self.work()
            s.say(speech.packed(b"r", {}) * 6)
            ids = [s.link.come(BRIEF).id for _ in range(6)]
            s.link.send(b"".join(self.told_and_ended(s, id) for id in ids))

    def told_and_ended(self, s, id):
        """A stream's words, and perhaps its end in the same piece."""
        end = frame(WINDOW, self.dice.choice([FIN, RST]), id)
        return data(id, self.started(s)) + self.dice.choice([b"", end])

    def visited(self):
        """A user comes to a visitor of the client, whose way here is odd."""
        with self.session() as s:
            with self.line(self.dice.choice(s.front.streams)) as user:
                user.send(self.payload())
                with self.comes(s) as (stream, kind):
                    self.answer_visit(stream, kind)

    def answer_visit(self, stream, kind):
        more = self.dice.choice([{}, {}, {"error": "no"}, speech.DATAGRAMS])
        stream.send(self.dice.choice([
            speech.packed(b"3", more), speech.packed(b"3", more),
            speech.broken(self.dice), speech.start("x")]))
        for _ in range(self.some(3)):
            stream.send(self.payload())

    def visited_by_datagrams(self):
        with self.session() as s:
            self.world.shoot(self.dice.choice(s.front.datagrams), self.dice,
                             self.some(9))
            with self.comes(s) as (stream, kind):
                self.answer_visit(stream, kind)

    def users_in_a_hurry(self):
        with self.session() as s:
            for _ in range(self.some(12)):
                reset(connected(self.dice.choice(s.front.streams)).s)
            with self.comes(s) as (stream, kind):
                self.answer_visit(stream, kind)

    def drink_nothing(self):
        with self.session() as s:
            s.say(speech.packed(b"r", {}))
            with self.comes(s) as (stream, _):
                stream.send(speech.start(f"t{s.front.i}"))
                for _ in range(self.some(12)):
                    stream.send(bytes(16384))

    def table(self):
        return [
            (3, self.odd_answer), (3, self.no_answer), (2, self.odd_links),
            (8, self.cut_beginning), (4, self.flipped), (5, self.say_things),
            (2, self.spoil_control), (4, self.odd_frames),
            (3, self.part_in_the_middle), (16, self.work),
            (2, self.work_in_pieces), (6, self.works_that_go),
            (8, self.visited), (5, self.visited_by_datagrams),
            (3, self.users_in_a_hurry), (1, self.drink_nothing),
            (4, self.touch_kept), (1, self.change_mood)]
